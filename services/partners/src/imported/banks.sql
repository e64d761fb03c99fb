-- Who has the natural keys of these banks ($1) already: here, and the first of them.
WITH r AS (
    SELECT n, norm(replace(name, ' ', '')) AS key FROM jsonb_to_recordset($1::jsonb) AS r(n bigint, name text)
)
SELECT r.n, b.id AS record_id, min(r.n) OVER (PARTITION BY r.key) AS first
FROM r
LEFT JOIN res_bank b ON norm(replace(b.name, ' ', '')) = r.key AND b.deleted_at IS NULL
