-- The first of these invoices that is not credited in full.
SELECT m.name FROM account_move m
WHERE m.amount_total > (
    SELECT coalesce(sum(n.amount_total), 0) FROM account_move n WHERE n.reversed_entry_id = m.id AND n.state = 'posted'
) AND m.id = ANY ($1)
ORDER BY m.id LIMIT 1
