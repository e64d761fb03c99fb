ALTER TABLE sale_order DROP COLUMN closing_reason;
ALTER TABLE sale_order_line DROP COLUMN qty_closed;
