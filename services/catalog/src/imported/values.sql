-- Who has the natural keys of these values of attributes ($1) already: here, and the first of them.
WITH r AS (
    SELECT n, norm(name) AS key, attribute_id FROM jsonb_to_recordset($1::jsonb) AS r(n bigint, name text, attribute_id bigint)
)
SELECT r.n, t.id AS record_id, min(r.n) OVER (PARTITION BY r.key, r.attribute_id) AS first
FROM r
LEFT JOIN product_attribute_value t ON t.attribute_id = r.attribute_id AND norm(t.name) = r.key AND t.deleted_at IS NULL
