-- What stands on the pro formas of these orders beside them: where the goods go, and the law's words by tax, as they are now.
SELECT json_build_object(
    'id', o.id,
    'delivery', json_build_object(
        'ek_order_id', o.ek_order_id, 'street', o.delivery_street, 'street2', o.delivery_street2, 'state', o.delivery_state
    ),
    'legal', (
        SELECT coalesce(json_object_agg(t.id, t.invoice_legal_notes), '{}')
        FROM account_tax t
        WHERE t.invoice_legal_notes <> ''
            AND t.id IN (SELECT l.tax_id FROM sale_order_line l WHERE l.order_id = o.id AND l.deleted_at IS NULL)
    )
)::text
FROM sale_order o WHERE o.id = ANY ($1)
