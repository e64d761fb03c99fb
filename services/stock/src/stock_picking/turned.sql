-- Pickings whose state is not that of their moves any more, with that state; locked.
SELECT p.id, s.state
FROM stock_picking p, LATERAL (
    SELECT CASE
               WHEN bool_and(m.state = 'cancel') THEN 'cancel'
               WHEN bool_and(m.state IN ('done', 'cancel')) THEN 'done'
               WHEN bool_or(m.state = 'draft') THEN 'draft'
               WHEN bool_and(m.state IN ('assigned', 'done', 'cancel')) THEN 'assigned'
               ELSE 'confirmed'
           END AS state
    FROM stock_move m
    WHERE m.picking_id = p.id AND m.deleted_at IS NULL
    HAVING count(*) > 0) s
WHERE p.state <> s.state AND p.id = ANY ($1)
ORDER BY p.id
FOR UPDATE OF p
