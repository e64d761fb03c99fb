-- Moves that are held back of products at locations: of all ($3 is 1), or of orders ($4), but not of orders in these states ($5); locked.
SELECT (to_jsonb(m) || jsonb_build_object(
    'product_uom_qty', m.product_uom_qty::text, 'quantity_done', m.quantity_done::text,
    'reserved_availability', m.reserved_availability::text, 'price_unit', m.price_unit::text,
    'from_stock', (SELECT l.usage = 'internal' AND l.returns_of IS NULL FROM stock_location l WHERE l.id = m.location_id)))::text
FROM stock_move m
WHERE m.held AND m.deleted_at IS NULL AND m.state IN ('confirmed', 'partially_available', 'assigned') AND ($3 = 1 OR m.sale_id = ANY ($4))
  AND (m.product_id, m.location_id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))
  AND NOT EXISTS (SELECT FROM order_demand d WHERE d.order_id = m.sale_id AND d.ek_state = ANY ($5))
ORDER BY m.id
FOR UPDATE OF m
