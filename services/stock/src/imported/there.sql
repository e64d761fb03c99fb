-- How much of products ($1) is at locations ($2), where the ledger ends there, and where it ended when an import last set the quantity.
SELECT q.id, q.product_id AS product, q.location_id AS location, q.quantity::text, coalesce(
    (SELECT max(l.id) FROM stock_move_line l
     WHERE l.product_id = q.product_id AND q.location_id IN (l.location_id, l.location_dest_id)), 0) AS last_line,
    b.source, b.last_line AS brought
FROM unnest($1::bigint[], $2::bigint[]) AS k(product, location)
JOIN stock_quant q ON q.product_id = k.product AND q.location_id = k.location AND q.deleted_at IS NULL
LEFT JOIN quantity_brought b ON b.quant_id = q.id
ORDER BY q.id
FOR UPDATE OF q
