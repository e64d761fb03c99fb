-- Those of these that are posted invoices of orders, with the newest credit note of each.
SELECT m.sale_id, coalesce((SELECT max(n.id) FROM account_move n WHERE n.reversed_entry_id = m.id), 0) AS newest_note
FROM account_move m
WHERE m.state = 'posted' AND m.move_type = 'out_invoice' AND m.sale_id IS NOT NULL AND m.deleted_at IS NULL AND m.id = ANY ($1)
