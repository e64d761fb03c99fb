-- Moves that hold goods of products at locations where more is reserved than so much; locked.
SELECT (to_jsonb(m) || jsonb_build_object(
    'product_uom_qty', m.product_uom_qty::text, 'quantity_done', m.quantity_done::text,
    'reserved_availability', m.reserved_availability::text, 'price_unit', m.price_unit::text,
    'from_stock', (SELECT l.usage = 'internal' AND l.returns_of IS NULL FROM stock_location l WHERE l.id = m.location_id)))::text
FROM stock_move m
WHERE m.deleted_at IS NULL AND m.reserved_availability > 0 AND m.state IN ('partially_available', 'assigned')
  AND (m.product_id, m.location_id) IN (
    SELECT q.product_id, q.location_id
    FROM unnest($1::bigint[], $2::bigint[], $3::numeric[]) AS k(product, location, most)
    JOIN stock_quant q ON q.product_id = k.product AND q.location_id = k.location
    WHERE q.deleted_at IS NULL AND q.reserved_quantity > k.most)
ORDER BY m.id
FOR UPDATE OF m
