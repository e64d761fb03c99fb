-- The lines of these orders as they are known, locked with their orders.
WITH o AS (SELECT id, state FROM sale_order WHERE id = ANY ($1) ORDER BY id FOR UPDATE)
SELECT l.id, o.id AS order_id, o.state = 'cancel' AS cancelled, l.short::text, l.product_uom_qty::text AS ordered, l.reserved::text,
    l.qty_delivered::text AS delivered, l.qty_returned::text AS returned, l.qty_closed::text AS closed
FROM o JOIN sale_order_line l ON l.order_id = o.id ORDER BY l.id
