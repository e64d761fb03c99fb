-- Of products at locations those that keep goods and have no row yet, and whether their point of sale is closed.
SELECT k.product, k.location, coalesce(w.closed, false) AS closed
FROM unnest($1::bigint[], $2::bigint[]) AS k(product, location)
JOIN stock_location l ON l.id = k.location AND l.usage = 'internal'
LEFT JOIN stock_warehouse w ON w.id = l.warehouse_id
WHERE NOT EXISTS
    (SELECT FROM stock_quant q WHERE q.product_id = k.product AND q.location_id = k.location AND q.deleted_at IS NULL)
ORDER BY k.product, k.location
