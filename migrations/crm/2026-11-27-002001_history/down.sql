DROP TRIGGER crm_lead_unbound ON crm_lead;
DROP FUNCTION forgotten_unbound();
CREATE OR REPLACE FUNCTION account_move_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'posted' THEN
        RAISE EXCEPTION 'a posted document is immutable'
            USING ERRCODE = 'check_violation', TABLE = 'account_move', CONSTRAINT = 'account_move_a_posted_one_stays_as_it_is';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE FUNCTION account_move_line_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM account_move m WHERE m.state = 'posted'
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
DROP FUNCTION may_come_again(boolean);
DROP INDEX account_move_sale_id_key;
CREATE UNIQUE INDEX account_move_sale_id_key ON account_move (sale_id) WHERE move_type = 'out_invoice' AND state <> 'cancel' AND deleted_at IS NULL;
ALTER TABLE account_move_line
    DROP CONSTRAINT account_move_line_quantity_is_positive,
    ADD CONSTRAINT account_move_line_quantity_is_positive CHECK (quantity > 0),
    DROP COLUMN imported;
ALTER TABLE account_move
    DROP COLUMN imported, DROP COLUMN payment_state, DROP COLUMN amount_residual, DROP COLUMN payments, DROP COLUMN currency, DROP COLUMN rate;
ALTER TABLE sale_order_line
    DROP CONSTRAINT sale_order_line_is_of_a_product,
    ALTER COLUMN product_id SET NOT NULL,
    DROP CONSTRAINT sale_order_line_quantity_is_positive,
    ADD CONSTRAINT sale_order_line_quantity_is_positive CHECK (product_uom_qty > 0),
    DROP COLUMN imported, DROP COLUMN settled_delivered, DROP COLUMN settled_returned, DROP COLUMN settled_reserved, DROP COLUMN settled_closed;
ALTER TABLE sale_order DROP COLUMN imported, DROP COLUMN currency, DROP COLUMN rate;
