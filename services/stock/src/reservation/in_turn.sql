-- Moves whose turn comes before the free goods of products at locations are at an end, but these; locked. Those behind them are
-- left alone, however many wait.
SELECT (to_jsonb(m) || jsonb_build_object(
    'product_uom_qty', m.product_uom_qty::text, 'quantity_done', m.quantity_done::text,
    'reserved_availability', m.reserved_availability::text, 'price_unit', m.price_unit::text,
    'from_stock', (SELECT l.usage = 'internal' AND l.returns_of IS NULL FROM stock_location l WHERE l.id = m.location_id)))::text
FROM stock_move m
WHERE m.deleted_at IS NULL AND m.id IN (
    SELECT w.id FROM (
        SELECT m.id, q.quantity - q.reserved_quantity AS free,
               sum(m.product_uom_qty - m.reserved_availability) OVER (PARTITION BY q.id ORDER BY coalesce(m.place, m.id), m.id)
               - (m.product_uom_qty - m.reserved_availability) AS before
        FROM unnest($1::bigint[], $2::bigint[]) AS k(product, location)
        JOIN stock_quant q ON q.product_id = k.product AND q.location_id = k.location AND q.deleted_at IS NULL
        JOIN stock_move m ON m.product_id = q.product_id AND m.location_id = q.location_id
        WHERE q.quantity > q.reserved_quantity AND m.state IN ('confirmed', 'partially_available') AND m.deleted_at IS NULL
          AND NOT m.held AND m.id <> ALL ($3)) w
    WHERE w.before < w.free)
ORDER BY m.id
FOR UPDATE OF m
