-- What is there now, and where the ledger ends: by the last line, one sees later what came or went since.
SELECT q.id, q.quantity::text, coalesce(
    (SELECT max(l.id) FROM stock_move_line l
     WHERE l.product_id = q.product_id AND q.location_id IN (l.location_id, l.location_dest_id)), 0) AS last_line
FROM stock_quant q
WHERE q.id = ANY ($1)
ORDER BY q.id
