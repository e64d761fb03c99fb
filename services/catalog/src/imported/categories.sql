-- Who has the natural keys of these categories ($1) already: here, and the first of them.
WITH r AS (
    SELECT n, norm(name) AS key, coalesce(parent_id, 0) AS parent FROM jsonb_to_recordset($1::jsonb) AS r(n bigint, name text, parent_id bigint)
)
SELECT r.n, c.id AS record_id, min(r.n) OVER (PARTITION BY r.key, r.parent) AS first
FROM r
LEFT JOIN product_category c ON norm(c.name) = r.key AND coalesce(c.parent_id, 0) = r.parent AND c.deleted_at IS NULL
