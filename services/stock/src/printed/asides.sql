-- What stands beside pickings on their papers: a line a move, with what of it is left in the backorders. What is left of a move is
-- another one with its place.
WITH RECURSIVE chain(root, picking) AS (
    SELECT p.id, p.id FROM stock_picking p WHERE p.id = ANY ($1)
    UNION
    SELECT c.root, b.id FROM chain c JOIN stock_picking b ON b.backorder_id = c.picking
), line AS (
    SELECT c.root, coalesce(m.place, m.id) AS line, min(m.name) AS name, min(m.manufacturer_ref) AS manufacturer_ref,
           sum(m.product_uom_qty) AS asked,
           sum(CASE WHEN m.picking_id = c.root AND m.state = 'done' THEN m.quantity_done ELSE 0 END) AS done,
           sum(CASE WHEN m.picking_id <> c.root THEN m.product_uom_qty ELSE 0 END) AS rest,
           sum(CASE WHEN m.picking_id = c.root THEN m.reserved_availability ELSE 0 END) AS reserved
    FROM chain c JOIN stock_move m ON m.picking_id = c.picking AND m.deleted_at IS NULL
    GROUP BY 1, 2
)
SELECT json_build_object(
    'id', p.id, 'at', CASE p.state WHEN 'done' THEN p.date_done::text END, 'bank', p.bank_id,
    'lines', (SELECT coalesce(json_agg(json_build_object(
                  'name', l.name, 'manufacturer_ref', l.manufacturer_ref, 'asked', l.asked::text, 'done', l.done::text,
                  'rest', l.rest::text, 'reserved', l.reserved::text) ORDER BY l.line), '[]')
              FROM line l WHERE l.root = p.id))::text
FROM stock_picking p
WHERE p.id = ANY ($1)
