-- Loan files as a list of work: their number, status, progress and state stand in the open. The service moves them out of the sealed
-- texts, since it has the keys; for one release the texts keep them too, and `file_listed` tells which text a row's columns are of (its
-- first characters, which no two have alike): where the release before has changed the text, they are moved again.
ALTER TABLE crm_lead
    ADD COLUMN file_number       bigint,
    ADD COLUMN order_status      text,
    ADD COLUMN progress          numeric,
    ADD COLUMN file_state        text,
    -- When the state was last changed by a step, and why
    ADD COLUMN file_state_date   timestamptz,
    ADD COLUMN file_state_reason text,
    ADD COLUMN file_listed       text;
CREATE INDEX crm_lead_unlisted ON crm_lead (id) WHERE loan_file IS NOT NULL AND file_listed IS DISTINCT FROM left(loan_file, 64);
CREATE INDEX crm_lead_file_state ON crm_lead (bank_id, file_state, priority DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX crm_lead_file_number ON crm_lead (bank_id, file_number) WHERE deleted_at IS NULL;
CREATE INDEX crm_lead_order_status ON crm_lead (bank_id, order_status) WHERE deleted_at IS NULL;
CREATE INDEX crm_lead_progress ON crm_lead (bank_id, progress) WHERE deleted_at IS NULL;

-- As before, and what is listed of a loan file is gone.
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
END
$$;
