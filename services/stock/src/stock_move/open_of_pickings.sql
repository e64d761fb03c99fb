-- The open moves of pickings, locked.
SELECT (to_jsonb(m) || jsonb_build_object(
    'product_uom_qty', m.product_uom_qty::text, 'quantity_done', m.quantity_done::text,
    'reserved_availability', m.reserved_availability::text, 'price_unit', m.price_unit::text,
    'from_stock', (SELECT l.usage = 'internal' AND l.returns_of IS NULL FROM stock_location l WHERE l.id = m.location_id)))::text
FROM stock_move m
WHERE m.deleted_at IS NULL AND m.state IN ('draft', 'confirmed', 'partially_available', 'assigned') AND m.picking_id = ANY ($1)
ORDER BY m.id
FOR UPDATE OF m
