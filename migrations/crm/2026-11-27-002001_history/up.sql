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

-- Of a person who is forgotten the bindings keep the ids alone.
CREATE FUNCTION forgotten_unbound() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE odoo_binding b SET digest = NULL, write_date = NULL
    WHERE b.model = 'crm.lead' AND b.record_id = NEW.id
        OR b.model = 'sale.order' AND b.record_id IN (SELECT id FROM sale_order o WHERE o.partner_id = NEW.partner_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER crm_lead_unbound AFTER UPDATE OF name ON crm_lead FOR EACH ROW
    WHEN (NEW.name = 'Panier effacé ' || NEW.id) EXECUTE FUNCTION forgotten_unbound();
