-- What became of orders' lines, here and where they came from. What was given up is told only of orders in the state $2, for the others
-- owe nothing.
SELECT json_build_object('order', d.order_id, 'lines', coalesce(
    (SELECT json_agg(json_build_object(
         'line', coalesce(l.line, s.line_id),
         'reserved', (coalesce(l.reserved, 0) + CASE WHEN s.taken_over THEN 0 ELSE coalesce(s.reserved, 0) END)::text,
         'delivered', (coalesce(l.delivered, 0) + coalesce(s.delivered, 0))::text,
         'returned', (coalesce(l.returned, 0) + coalesce(s.returned, 0))::text,
         'closed', CASE WHEN d.ek_state = $2 THEN coalesce(l.closed, 0) ELSE 0 END::text) ORDER BY coalesce(l.line, s.line_id))
     FROM (SELECT m.sale_line_id AS line,
                  sum(m.reserved_availability) AS reserved,
                  sum(CASE WHEN m.state = 'done' AND m.origin_returned_move_id IS NULL THEN m.quantity_done ELSE 0 END) AS delivered,
                  sum(CASE WHEN m.state = 'done' AND m.origin_returned_move_id IS NOT NULL THEN m.quantity_done ELSE 0 END) AS returned,
                  sum(CASE WHEN m.state = 'cancel' AND m.origin_returned_move_id IS NULL THEN m.product_uom_qty ELSE 0 END) AS closed
           FROM stock_move m
           WHERE m.sale_id = d.order_id AND m.sale_line_id IS NOT NULL AND m.deleted_at IS NULL
           GROUP BY m.sale_line_id) l
     FULL JOIN (SELECT * FROM order_settled o WHERE o.order_id = d.order_id) s ON s.line_id = l.line), '[]'))::text
FROM order_demand d
WHERE d.order_id = ANY ($1)
ORDER BY d.order_id
