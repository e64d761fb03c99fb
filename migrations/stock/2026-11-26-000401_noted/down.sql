ALTER TABLE stock_move DROP COLUMN picked;
ALTER TABLE stock_quant DROP COLUMN inventory_diff_quantity, DROP COLUMN inventory_last_line;
