-- Who has the natural keys of these leads ($1) already, its cart or its order of a bank: here, and the first of them.
WITH r AS (
    SELECT n, bank_id, nullif(cart_id, 0) AS cart, nullif(ek_order_id, 0) AS number
    FROM jsonb_to_recordset($1::jsonb) AS r(n bigint, bank_id bigint, cart_id bigint, ek_order_id bigint)
)
SELECT
    r.n,
    coalesce(
        (SELECT l.id FROM crm_lead l WHERE l.bank_id = r.bank_id AND l.cart_id = r.cart AND l.deleted_at IS NULL),
        (SELECT l.id FROM crm_lead l WHERE l.bank_id = r.bank_id AND l.ek_order_id = r.number AND l.deleted_at IS NULL)
    ) AS record_id,
    least(
        CASE WHEN r.cart IS NULL THEN r.n ELSE min(r.n) OVER (PARTITION BY r.bank_id, r.cart) END,
        CASE WHEN r.number IS NULL THEN r.n ELSE min(r.n) OVER (PARTITION BY r.bank_id, r.number) END
    ) AS first
FROM r
