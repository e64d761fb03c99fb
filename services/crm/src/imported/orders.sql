-- Who has the natural keys of these orders ($1) already, its name or its number of a bank: here, and the first of them.
WITH r AS (
    SELECT n, name, bank_id, nullif(ek_order_id, 0) AS number
    FROM jsonb_to_recordset($1::jsonb) AS r(n bigint, name text, bank_id bigint, ek_order_id bigint)
)
SELECT
    r.n,
    coalesce(
        (SELECT o.id FROM sale_order o WHERE o.name = r.name),
        (
            SELECT o.id FROM sale_order o
            WHERE coalesce(o.bank_id, 0) = coalesce(r.bank_id, 0) AND o.ek_order_id = r.number AND o.deleted_at IS NULL
        )
    ) AS record_id,
    least(
        min(r.n) OVER (PARTITION BY r.name),
        CASE WHEN r.number IS NULL THEN r.n ELSE min(r.n) OVER (PARTITION BY r.bank_id, r.number) END
    ) AS first
FROM r
