-- The names of the next orders come after those of these ($1).
SELECT setval('sale_order_name_seq', n.last)
FROM (
    SELECT max(substring(name FROM '^S(\d{1,15})$')::bigint) AS last FROM sale_order WHERE id = ANY ($1)
) n
WHERE n.last >= (SELECT last_value FROM sale_order_name_seq)
