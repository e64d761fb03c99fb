-- Warehouses of points of sale with their locations, those of what came back among them; locked.
SELECT json_build_object(
    'id', w.id, 'partner', w.partner_id, 'closed', w.closed, 'version', w.partner_version,
    'locations', (SELECT coalesce(json_agg(json_build_object('id', l.id, 'name', l.name, 'complete_name', l.complete_name)), '[]')
                  FROM stock_location l WHERE w.id IN (l.warehouse_id, l.returns_of)))::text
FROM stock_warehouse w
WHERE w.deleted_at IS NULL AND w.partner_id = ANY ($1)
ORDER BY w.id
FOR NO KEY UPDATE
