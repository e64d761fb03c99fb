-- Orders and invoices of another system, with what they were there. What the hub makes keeps its rules; history has its own.
ALTER TABLE sale_order
    ADD COLUMN imported boolean NOT NULL DEFAULT false,
    -- None: dinars
    ADD COLUMN currency text,
    -- How much of it a dinar is
    ADD COLUMN rate     numeric;
ALTER TABLE sale_order_line
    ADD COLUMN imported          boolean NOT NULL DEFAULT false,
    -- How far it was there: of an order that was made here none
    ADD COLUMN settled_delivered numeric,
    ADD COLUMN settled_returned  numeric,
    ADD COLUMN settled_reserved  numeric,
    ADD COLUMN settled_closed    numeric,
    -- A down payment is of no product
    ALTER COLUMN product_id DROP NOT NULL,
    ADD CONSTRAINT sale_order_line_is_of_a_product CHECK (product_id IS NOT NULL OR imported) NOT VALID,
    -- A down payment's line orders nothing
    DROP CONSTRAINT sale_order_line_quantity_is_positive,
    ADD CONSTRAINT sale_order_line_quantity_is_positive CHECK (product_uom_qty > 0 OR imported) NOT VALID;
ALTER TABLE account_move
    ADD COLUMN imported        boolean NOT NULL DEFAULT false,
    ADD COLUMN payment_state   text,
    ADD COLUMN amount_residual numeric(16, 2),
    -- One a line: day, amount, number
    ADD COLUMN payments        text,
    ADD COLUMN currency        text,
    ADD COLUMN rate            numeric;
ALTER TABLE account_move_line
    -- Of history, or takes back a down payment of history
    ADD COLUMN imported boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT account_move_line_quantity_is_positive,
    ADD CONSTRAINT account_move_line_quantity_is_positive CHECK (quantity > 0 OR imported) NOT VALID;

-- One invoice an order of the hub's own; those that came are as many as there were
DROP INDEX account_move_sale_id_key;
CREATE UNIQUE INDEX account_move_sale_id_key ON account_move (sale_id)
    WHERE move_type = 'out_invoice' AND state <> 'cancel' AND deleted_at IS NULL AND NOT imported;

-- A posted document stays as it is. What came from elsewhere may come again as it is there now, and by nothing else.
CREATE FUNCTION may_come_again(imported boolean) RETURNS boolean LANGUAGE sql STABLE
    RETURN imported AND coalesce(current_setting('hub.importing', true), '') = 'on';
CREATE OR REPLACE FUNCTION account_move_is_immutable() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF OLD.state = 'posted' AND NOT may_come_again(OLD.imported) THEN
        RAISE EXCEPTION 'a posted document is immutable'
            USING ERRCODE = 'check_violation', TABLE = 'account_move', CONSTRAINT = 'account_move_a_posted_one_stays_as_it_is';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE FUNCTION account_move_line_is_immutable() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM account_move m WHERE m.state = 'posted' AND NOT may_come_again(m.imported)
               AND m.id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.move_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.move_id END)) THEN
        RAISE EXCEPTION 'a posted document is immutable'
            USING ERRCODE = 'check_violation', TABLE = 'account_move_line', CONSTRAINT = 'account_move_line_a_posted_one_stays_as_it_is';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;

-- As before, and what came from elsewhere is not brought back.
CREATE OR REPLACE FUNCTION forget(_partners bigint[], _actor bigint, _reason text) RETURNS void
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    _leads  bigint[] := (SELECT coalesce(array_agg(id), '{}') FROM crm_lead WHERE partner_id = ANY (_partners)
        AND (name <> 'Panier effacé ' || id OR loan_file IS NOT NULL OR post_hash IS NOT NULL OR file_listed IS NOT NULL
            OR num_nonnulls(file_number, order_status, progress, file_state, file_state_reason) > 0));
    _orders bigint[] := (SELECT coalesce(array_agg(id), '{}') FROM sale_order WHERE partner_id = ANY (_partners)
        AND coalesce(delivery_street, delivery_street2, delivery_state, note, post_hash) IS NOT NULL);
    _drafts bigint[] := (SELECT coalesce(array_agg(id), '{}') FROM account_move WHERE partner_id = ANY (_partners) AND state <> 'posted'
        AND coalesce(ref, narration) IS NOT NULL);
    _papers bigint[] := (SELECT coalesce(array_agg(a.id), '{}') FROM ir_attachment a
        LEFT JOIN crm_lead l ON l.id = a.lead_id LEFT JOIN sale_order o ON o.id = a.order_id
        WHERE coalesce(l.partner_id, o.partner_id) = ANY (_partners) AND a.name <> 'Papier effacé ' || a.id);
BEGIN
    UPDATE crm_lead SET name = 'Panier effacé ' || id, loan_file = NULL, post_hash = NULL,
        file_number = NULL, order_status = NULL, progress = NULL, file_state = NULL, file_state_reason = NULL, file_listed = NULL,
        version = version + 1, write_uid = _actor, write_date = now() WHERE id = ANY (_leads);
    UPDATE sale_order SET delivery_street = NULL, delivery_street2 = NULL, delivery_state = NULL, delivery_state_id = NULL,
        delivery_country_id = NULL, note = NULL, post_hash = NULL,
        version = version + 1, write_uid = _actor, write_date = now() WHERE id = ANY (_orders);
    UPDATE account_move SET ref = NULL, narration = NULL, version = version + 1, write_uid = _actor, write_date = now()
        WHERE id = ANY (_drafts);
    DELETE FROM ir_attachment_file WHERE record_id = ANY (_papers);
    UPDATE ir_attachment SET name = 'Papier effacé ' || id, datas = NULL, deleted_at = coalesce(deleted_at, now()),
        version = version + 1, write_uid = _actor, write_date = now() WHERE id = ANY (_papers);
    PERFORM audit_forget('crm.lead', _leads, '{name}', _actor, _reason);
    PERFORM audit_forget('sale.order', _orders, '{delivery_state,note}', _actor, _reason);
    PERFORM audit_forget('account.move', _drafts, '{ref,narration}', _actor, _reason);
    PERFORM audit_forget('ir.attachment', _papers, '{name}', _actor, _reason);
    -- Where the goods of an invoiced order went stands on the invoice
    DELETE FROM formerly f WHERE f.relation = 'sale_order' AND f.record_id = ANY (_orders)
        AND NOT EXISTS (SELECT FROM account_move m WHERE m.sale_id = f.record_id AND m.state = 'posted');
    INSERT INTO event (model, record_id, version, kind, origin, actor, payload)
        SELECT 'crm.lead', id, version, 'updated', 'odoo', _actor, '{"forgotten": true}'::jsonb FROM crm_lead WHERE id = ANY (_leads)
        UNION ALL
        SELECT 'sale.order', id, version, 'updated', 'odoo', _actor, '{"forgotten": true}'::jsonb FROM sale_order WHERE id = ANY (_orders)
        UNION ALL
        SELECT 'ir.attachment', id, version, 'deleted', 'odoo', _actor, '{"forgotten": true}'::jsonb FROM ir_attachment WHERE id = ANY (_papers);
    -- Of them the bindings keep the ids alone, so that nobody brings them back
    UPDATE odoo_binding SET digest = NULL, write_date = NULL
    WHERE model = 'crm.lead' AND record_id IN (SELECT id FROM crm_lead WHERE partner_id = ANY (_partners))
        OR model = 'sale.order' AND record_id IN (SELECT id FROM sale_order WHERE partner_id = ANY (_partners))
        OR model = 'account.move' AND record_id IN (
            SELECT id FROM account_move WHERE partner_id = ANY (_partners) AND state <> 'posted'
        );
END
$$;
