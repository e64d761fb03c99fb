-- Where the goods of these orders ($1) go, as it was at a moment of each ($2); now where that is empty, or where the client is to be
-- forgotten: of those only what is posted keeps more than is left.
SELECT coalesce((
    SELECT json_build_object(
        'ek_order_id', o.ek_order_id, 'street', p.delivery_street, 'street2', p.delivery_street2, 'state', p.delivery_state
    )
    FROM jsonb_populate_record(o, as_it_was('sale_order', o.id,
        CASE WHEN l.name = 'Panier effacé ' || l.id THEN NULL ELSE nullif(a.at, '')::timestamptz END)) p
), '{}')::text
FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS a(id, at, n)
LEFT JOIN sale_order o ON o.id = a.id
LEFT JOIN crm_lead l ON l.id = o.opportunity_id
ORDER BY a.n
