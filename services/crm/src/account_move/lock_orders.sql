-- Locks the orders of these invoices.
SELECT id FROM sale_order WHERE id IN (SELECT sale_id FROM account_move WHERE id = ANY ($1)) ORDER BY id FOR UPDATE
