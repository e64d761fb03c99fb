-- What was there keeps the rules that are said anew; nobody waits for the look.
ALTER TABLE sale_order_line VALIDATE CONSTRAINT sale_order_line_is_of_a_product;
ALTER TABLE sale_order_line VALIDATE CONSTRAINT sale_order_line_quantity_is_positive;
ALTER TABLE account_move_line VALIDATE CONSTRAINT account_move_line_quantity_is_positive;
