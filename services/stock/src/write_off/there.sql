-- What is at a place, and what of it is reserved.
SELECT json_build_object('product_id', q.product_id, 'location_id', q.location_id, 'product_name', q.product_name,
    'manufacturer_ref', q.manufacturer_ref, 'quantity', q.quantity::text, 'reserved', q.reserved_quantity::text, 'place', l.complete_name)::text
FROM stock_quant q JOIN stock_location l ON l.id = q.location_id
WHERE q.id = ANY ($1)
ORDER BY q.id
