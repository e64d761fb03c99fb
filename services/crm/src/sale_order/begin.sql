-- Numbers for a lead and its order, and the taxes of the products that name one of these or none: that is then the first active one.
SELECT json_build_object(
    'lead', nextval(pg_get_serial_sequence('crm_lead', 'id')),
    'order', nextval(pg_get_serial_sequence('sale_order', 'id')),
    'rates', (
        SELECT coalesce(json_agg(json_build_object(
            'id', t.id, 'rate', t.amount::text, 'included', t.price_include, 'first', t.id IS NOT DISTINCT FROM f.id
        )), '[]')
        FROM account_tax t
        LEFT JOIN (SELECT id FROM account_tax WHERE active AND deleted_at IS NULL ORDER BY sequence, id LIMIT 1) f ON true
        WHERE t.deleted_at IS NULL AND (t.id = f.id OR t.id = ANY ($1))
    )
)::text
