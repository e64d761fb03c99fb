-- The central warehouse ($3), those of points of sale ($1), those whose goods are at locations ($2), and those of these ids ($4), with what
-- documents need of them.
SELECT w.id, w.code, w.partner_id AS partner, l.id AS stock,
       (SELECT r.id FROM stock_location r WHERE r.returns_of = w.id AND r.deleted_at IS NULL) AS returns,
       (SELECT t.id FROM stock_picking_type t WHERE t.warehouse_id = w.id AND t.code = 'incoming') AS incoming,
       (SELECT t.id FROM stock_picking_type t WHERE t.warehouse_id = w.id AND t.code = 'outgoing') AS outgoing,
       (SELECT t.id FROM stock_picking_type t WHERE t.warehouse_id = w.id AND t.code = 'internal') AS internal
FROM stock_warehouse w JOIN stock_location l ON l.warehouse_id = w.id
WHERE w.deleted_at IS NULL
  AND (w.partner_id IS NULL AND w.code = $3 OR w.partner_id = ANY ($1) OR w.id = ANY ($4)
       OR w.id = ANY (ARRAY(SELECT coalesce(o.warehouse_id, o.returns_of) FROM stock_location o WHERE o.id = ANY ($2))))
