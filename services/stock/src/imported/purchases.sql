-- Who has the names of these purchases ($1) already: here, and the first of them.
WITH r AS (SELECT n, name FROM jsonb_to_recordset($1::jsonb) AS r(n bigint, name text))
SELECT r.n, p.id AS record_id, min(r.n) OVER (PARTITION BY r.name) AS first
FROM r
LEFT JOIN purchase_order p ON p.name = r.name
