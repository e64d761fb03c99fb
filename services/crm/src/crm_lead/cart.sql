-- The client and the cart that a lead came with, row by row.
SELECT o.partner_id, l.manufacturer_ref, l.product_uom_qty::text AS quantity, l.code_pos
FROM sale_order o JOIN sale_order_line l ON l.order_id = o.id
WHERE l.deleted_at IS NULL AND o.opportunity_id = $1 ORDER BY o.id, l.sequence, l.id
