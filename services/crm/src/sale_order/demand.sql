-- What stock is to have for these orders, each with its lines of goods; of those that came from elsewhere, what was settled there.
SELECT json_build_object(
    'id', o.id, 'name', o.name, 'version', o.version, 'ek_state', o.ek_state,
    'bank_id', o.bank_id, 'partner_id', o.partner_id,
    'lines', (
        SELECT coalesce(json_agg(json_build_object(
            'id', l.id, 'product_id', l.product_id, 'name', l.name, 'manufacturer_ref', l.manufacturer_ref,
            'quantity', l.product_uom_qty::text, 'price_unit', l.price_unit::text, 'pos_id', l.pos_id, 'code_pos', l.code_pos,
            'settled', CASE WHEN l.imported THEN json_build_object(
                'delivered', l.settled_delivered::text, 'returned', l.settled_returned::text, 'reserved', l.settled_reserved::text
            ) END
        ) ORDER BY l.id), '[]')
        FROM sale_order_line l WHERE l.order_id = o.id AND l.deleted_at IS NULL AND l.product_id IS NOT NULL
    )
)::text
FROM sale_order o WHERE o.deleted_at IS NULL AND o.id = ANY ($1) ORDER BY o.id
