-- What became of orders' lines. What was given up is told only of orders in the state $2, for the others owe nothing.
SELECT json_build_object('order', d.order_id, 'lines', coalesce(
    (SELECT json_agg(json_build_object(
         'line', l.line, 'reserved', l.reserved::text, 'delivered', l.delivered::text, 'returned', l.returned::text,
         'closed', CASE WHEN d.ek_state = $2 THEN l.closed ELSE 0 END::text) ORDER BY l.line)
     FROM (SELECT m.sale_line_id AS line,
                  sum(m.reserved_availability) AS reserved,
                  sum(CASE WHEN m.state = 'done' AND m.origin_returned_move_id IS NULL THEN m.quantity_done ELSE 0 END) AS delivered,
                  sum(CASE WHEN m.state = 'done' AND m.origin_returned_move_id IS NOT NULL THEN m.quantity_done ELSE 0 END) AS returned,
                  sum(CASE WHEN m.state = 'cancel' AND m.origin_returned_move_id IS NULL THEN m.product_uom_qty ELSE 0 END) AS closed
           FROM stock_move m
           WHERE m.sale_id = d.order_id AND m.sale_line_id IS NOT NULL AND m.deleted_at IS NULL
           GROUP BY m.sale_line_id) l), '[]'))::text
FROM order_demand d
WHERE d.order_id = ANY ($1)
ORDER BY d.order_id
