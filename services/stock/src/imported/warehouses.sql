-- Which warehouses those of points of sale, or, of none, those of codes, are ($1): here, and the first of them.
WITH r AS (
    SELECT n, partner_id, coalesce(partner_id::text, 'code ' || code) AS key, code
    FROM jsonb_to_recordset($1::jsonb) AS r(n bigint, partner_id bigint, code text)
)
SELECT r.n, w.id AS record_id, min(r.n) OVER (PARTITION BY r.key) AS first
FROM r
LEFT JOIN stock_warehouse w
    ON w.deleted_at IS NULL AND CASE WHEN r.partner_id IS NULL THEN w.code = r.code ELSE w.partner_id = r.partner_id END
