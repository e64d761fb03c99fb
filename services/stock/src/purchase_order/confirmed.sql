-- Lines of purchases of which something is to come, with what their receipts need.
SELECT l.id, l.order_id, l.product_id, l.name, l.manufacturer_ref, (l.product_qty - l.qty_received_before)::text AS product_qty, l.price_unit::text,
       p.partner_id, s.id AS location_id, t.id AS picking_type_id, p.name AS purchase
FROM purchase_order p
JOIN purchase_order_line l ON l.order_id = p.id
JOIN stock_location s ON s.warehouse_id = p.warehouse_id
JOIN stock_picking_type t ON t.warehouse_id = p.warehouse_id AND t.code = 'incoming'
WHERE p.id = ANY ($1) AND l.product_qty > l.qty_received_before AND l.deleted_at IS NULL
ORDER BY p.id, l.id
