-- Codes of warehouses, which the names of their locations begin with.
SELECT id, code FROM stock_warehouse WHERE id = ANY ($1) ORDER BY id
