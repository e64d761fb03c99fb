-- How much of a delivered order's line will never ship any more, as stock told last; and why, for its credit note
ALTER TABLE sale_order_line ADD COLUMN qty_closed numeric NOT NULL DEFAULT 0;
ALTER TABLE sale_order ADD COLUMN closing_reason text;
