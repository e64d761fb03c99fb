-- Who has the manufacturers' references of these configurations ($1) already: here, and the first of them.
WITH r AS (
    SELECT n, manufacturer_ref AS key FROM jsonb_to_recordset($1::jsonb) AS r(n bigint, manufacturer_ref text)
)
SELECT r.n, t.id AS record_id, min(r.n) OVER (PARTITION BY r.key) AS first
FROM r
LEFT JOIN product_template t ON t.manufacturer_ref = r.key AND t.deleted_at IS NULL
