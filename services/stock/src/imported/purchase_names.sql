-- The next purchase is named beyond the numbers of these ($1).
SELECT setval('purchase_order_name_seq', n.most)
FROM (SELECT max(substring(name FROM '^P(\d{1,9})$')::bigint) AS most FROM purchase_order WHERE id = ANY ($1)) n, purchase_order_name_seq s
WHERE n.most > s.last_value
