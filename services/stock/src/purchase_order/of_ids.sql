-- Purchases by their ids.
SELECT id, name, state FROM purchase_order WHERE id = ANY ($1) ORDER BY id
