-- Who has the natural keys of these clients and points of sale ($1) already: here, and the first of them.
WITH r AS (
    SELECT n, is_pos, CASE WHEN is_pos THEN code_pos WHEN parent_id IS NULL THEN nullif(email, '') END AS key
    FROM jsonb_to_recordset($1::jsonb) AS r(n bigint, is_pos boolean, code_pos text, parent_id bigint, email text)
)
SELECT
    r.n,
    CASE
        WHEN r.is_pos
            THEN (SELECT p.id FROM res_partner p WHERE p.is_pos AND p.code_pos = r.key AND p.deleted_at IS NULL)
        ELSE (
            SELECT p.id FROM res_partner p
            WHERE NOT p.is_pos AND p.parent_id IS NULL AND p.email = r.key AND p.deleted_at IS NULL
        )
    END AS record_id,
    CASE WHEN r.key IS NULL THEN r.n ELSE min(r.n) OVER (PARTITION BY r.is_pos, r.key) END AS first
FROM r
