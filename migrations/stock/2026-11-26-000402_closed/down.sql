ALTER TABLE stock_quant DROP COLUMN closed;
ALTER TABLE stock_warehouse DROP COLUMN closed, DROP COLUMN partner_version;
