-- What orders still wait for or hold, returns aside; locked.
SELECT (to_jsonb(m) || jsonb_build_object(
    'product_uom_qty', m.product_uom_qty::text, 'quantity_done', m.quantity_done::text,
    'reserved_availability', m.reserved_availability::text, 'price_unit', m.price_unit::text,
    'from_stock', (SELECT l.usage = 'internal' AND l.returns_of IS NULL FROM stock_location l WHERE l.id = m.location_id)))::text
FROM stock_move m
WHERE m.deleted_at IS NULL AND m.state IN ('confirmed', 'partially_available', 'assigned')
  AND m.origin_returned_move_id IS NULL AND m.sale_id = ANY ($1)
ORDER BY m.id
FOR UPDATE OF m
