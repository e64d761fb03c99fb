-- The bank of a lead, and where it is to be delivered: a place by its id or by any of its names, as reference.rs says what names one.
-- At most a row of each kind.
WITH asked AS (
    SELECT $2::bigint AS state, $3::text AS state_name, place($3) AS state_key,
        $4::bigint AS country, $5::text AS country_name, place($5) AS country_key
)
SELECT 'bank' AS kind, id, name FROM res_bank WHERE deleted_at IS NULL AND id = $1
UNION ALL
(SELECT 'state', t.id, t.name FROM res_country_state t, asked a
 WHERE t.deleted_at IS NULL AND (t.id = a.state OR t.code IN (a.state_name, '0' || a.state_name) OR a.state_key = ANY (t.places))
 ORDER BY t.country_id, t.id LIMIT 1)
UNION ALL
(SELECT 'country', t.id, coalesce(t.name_fr, t.name) FROM res_country t, asked a
 WHERE t.deleted_at IS NULL AND (t.id = a.country OR t.code = upper(a.country_name) OR a.country_key = ANY (t.places))
 ORDER BY t.id LIMIT 1)
