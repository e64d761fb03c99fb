-- Where moves of products are held back: of all ($1 is 1), or of orders ($2); but not of orders in these states ($3), which wait for nothing.
SELECT DISTINCT m.product_id AS product, m.location_id AS location
FROM stock_move m
WHERE m.held AND m.deleted_at IS NULL AND m.state IN ('confirmed', 'partially_available', 'assigned') AND ($1 = 1 OR m.sale_id = ANY ($2))
  AND NOT EXISTS (SELECT FROM order_demand d WHERE d.order_id = m.sale_id AND d.ek_state = ANY ($3))
ORDER BY 1, 2
LIMIT $4
