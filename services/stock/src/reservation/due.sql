-- Moves that have got goods of products at locations, of orders that are delivered: these goods are shipped. Locked.
SELECT (to_jsonb(m) || jsonb_build_object(
    'product_uom_qty', m.product_uom_qty::text, 'quantity_done', m.quantity_done::text,
    'reserved_availability', m.reserved_availability::text, 'price_unit', m.price_unit::text,
    'from_stock', (SELECT l.usage = 'internal' AND l.returns_of IS NULL FROM stock_location l WHERE l.id = m.location_id)))::text
FROM stock_move m
WHERE m.deleted_at IS NULL AND m.state IN ('partially_available', 'assigned') AND m.reserved_availability > 0
  AND (m.product_id, m.location_id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))
  AND m.sale_id IN (SELECT d.order_id FROM order_demand d WHERE d.ek_state = $3)
ORDER BY m.id
FOR UPDATE OF m
