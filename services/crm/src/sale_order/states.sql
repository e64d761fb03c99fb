-- How far these orders are.
SELECT id, ek_state FROM sale_order WHERE id = ANY ($1) ORDER BY id
