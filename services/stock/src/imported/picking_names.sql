-- The next transfer, which is named by its number, is named beyond the numbers of these ($1).
SELECT setval(pg_get_serial_sequence('stock_picking', 'id'), n.most)
FROM (SELECT max(substring(name FROM '(?<!\d)(\d{1,9})$')::bigint) AS most FROM stock_picking WHERE id = ANY ($1)) n
WHERE n.most > coalesce(
    (SELECT s.last_value FROM pg_sequences s
     WHERE format('%I.%I', s.schemaname, s.sequencename) = pg_get_serial_sequence('stock_picking', 'id')), 0)
