DROP TABLE quantity_brought;
ALTER TABLE purchase_order_line DROP COLUMN qty_received_before;
DROP INDEX stock_move_held;
ALTER TABLE stock_move DROP COLUMN held;
DROP TABLE order_settled;
