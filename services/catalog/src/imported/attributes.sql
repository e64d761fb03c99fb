-- Who has the natural keys of these attributes ($1) already: here, and the first of them.
WITH r AS (
    SELECT n, norm(name) AS key FROM jsonb_to_recordset($1::jsonb) AS r(n bigint, name text)
)
SELECT r.n, t.id AS record_id, min(r.n) OVER (PARTITION BY r.key) AS first
FROM r
LEFT JOIN product_attribute t ON norm(t.name) = r.key AND t.deleted_at IS NULL
