-- Codes of warehouses that have no location yet, whose names begin with them.
SELECT w.id, w.code FROM stock_warehouse w
WHERE w.id = ANY ($1) AND NOT EXISTS (SELECT FROM stock_location l WHERE l.warehouse_id = w.id)
ORDER BY w.id
