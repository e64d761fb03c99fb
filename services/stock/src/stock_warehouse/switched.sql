-- Quantities at locations whose warehouse is closed or open now, which they do not say yet; locked.
SELECT q.id, w.closed
FROM stock_quant q
JOIN stock_location l ON l.id = q.location_id
JOIN stock_warehouse w ON w.id = l.warehouse_id
WHERE q.deleted_at IS NULL AND q.closed <> w.closed AND l.id = ANY ($1)
ORDER BY q.id
FOR UPDATE OF q
