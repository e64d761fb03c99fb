-- What was counted of these rows and what is there; where that has changed, the first lines of the ledger since.
SELECT json_build_object(
    'id', q.id, 'product_id', q.product_id, 'location_id', q.location_id, 'product_name', q.product_name,
    'manufacturer_ref', q.manufacturer_ref, 'quantity', q.quantity::text, 'inventory_quantity', q.inventory_quantity::text,
    'difference', q.inventory_diff_quantity::text, 'place', l.complete_name,
    'since', CASE WHEN q.inventory_quantity - q.inventory_diff_quantity <> q.quantity THEN
        (SELECT json_agg(json_build_array(
             trim_scale(CASE WHEN m.location_dest_id = q.location_id THEN m.qty_done ELSE -m.qty_done END)::text,
             coalesce(m.reference, '')))
         FROM (SELECT * FROM stock_move_line m
               WHERE m.product_id = q.product_id AND q.location_id IN (m.location_id, m.location_dest_id)
                 AND m.id > q.inventory_last_line
               ORDER BY m.id LIMIT 5) m) END)::text
FROM stock_quant q JOIN stock_location l ON l.id = q.location_id
WHERE q.inventory_quantity IS NOT NULL AND q.id = ANY ($1)
ORDER BY q.id
