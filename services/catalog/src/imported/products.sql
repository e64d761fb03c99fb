-- Who has the references of these products ($1) already: here, and the first of them.
WITH r AS (
    SELECT n, ref AS key FROM jsonb_to_recordset($1::jsonb) AS r(n bigint, ref text)
)
SELECT r.n, t.id AS record_id, min(r.n) OVER (PARTITION BY r.key) AS first
FROM r
LEFT JOIN product_master t ON t.ref = r.key AND t.deleted_at IS NULL
