-- Who was forgotten, as JSON.
SELECT coalesce(
    json_agg(
        json_build_object('partner_id', partner_id, 'actor', actor, 'reason', reason, 'keep_until', keep_until)
        ORDER BY partner_id
    ),
    '[]'
)::text AS list
FROM partners.res_partner_forgotten
