-- Where purchases are received.
SELECT DISTINCT l.id FROM purchase_order p JOIN stock_location l ON l.warehouse_id = p.warehouse_id WHERE p.id = ANY ($1)
