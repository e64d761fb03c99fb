-- The same as at.sql, and locked.
SELECT q.id, q.product_id, q.location_id, q.quantity::text, q.reserved_quantity::text
FROM unnest($1::bigint[], $2::bigint[]) AS k(product, location)
JOIN stock_quant q ON q.product_id = k.product AND q.location_id = k.location AND q.deleted_at IS NULL
ORDER BY q.id
FOR UPDATE OF q
