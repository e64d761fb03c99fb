-- What became of these records ($4: model, and id there or key) of an Odoo ($1), as this run ($3) of a kind ($2) knows it; in a rehearsal the id
-- there stands for that of a record that would be made.
WITH r AS (
    SELECT * FROM jsonb_to_recordset($4::jsonb) AS r(model text, their_id bigint, key text)
),
found AS (
    SELECT r.their_id AS wanted_id, NULL AS wanted_key, e.*
    FROM r
    JOIN ek_odoo_record e ON e.odoo_id = $1 AND e.rehearsal = ($2 = 'rehearsal') AND e.model = r.model AND e.their_id = r.their_id
    WHERE $2 <> 'rehearsal' OR e.run_id = $3
    UNION ALL
    SELECT NULL, r.key, e.*
    FROM r
    CROSS JOIN LATERAL (
        SELECT e.*
        FROM ek_odoo_record e
        WHERE e.odoo_id = $1
            AND e.rehearsal = ($2 = 'rehearsal')
            AND e.model = r.model
            AND e.key = r.key
            AND ($2 <> 'rehearsal' OR e.run_id = $3)
        ORDER BY e.state = 'taken' DESC, e.their_id
        LIMIT 1
    ) e
)
SELECT
    json_build_object(
        'model', f.model, 'wanted_id', f.wanted_id, 'wanted_key', f.wanted_key, 'their_id', f.their_id, 'key', f.key, 'state', f.state,
        'record_id', CASE WHEN $2 <> 'rehearsal' THEN f.record_id WHEN f.state = 'taken' THEN coalesce(f.record_id, f.their_id) END
    )::text
FROM found f
