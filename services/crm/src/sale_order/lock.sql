-- Locks these orders.
SELECT id FROM sale_order WHERE id = ANY ($1) ORDER BY id FOR UPDATE
