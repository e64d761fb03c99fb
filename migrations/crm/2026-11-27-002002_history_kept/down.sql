-- As it was before the look: what is written keeps the rules, of what was there nothing is said.
ALTER TABLE sale_order_line
    DROP CONSTRAINT sale_order_line_is_of_a_product,
    ADD CONSTRAINT sale_order_line_is_of_a_product CHECK (product_id IS NOT NULL OR imported) NOT VALID,
    DROP CONSTRAINT sale_order_line_quantity_is_positive,
    ADD CONSTRAINT sale_order_line_quantity_is_positive CHECK (product_uom_qty > 0 OR imported) NOT VALID;
ALTER TABLE account_move_line
    DROP CONSTRAINT account_move_line_quantity_is_positive,
    ADD CONSTRAINT account_move_line_quantity_is_positive CHECK (quantity > 0 OR imported) NOT VALID;
