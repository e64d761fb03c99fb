-- Numbers for new pickings of these types, rising in this order, and what their names begin with.
SELECT n.id, t.code, w.code || '/' || t.sequence_code AS prefix
FROM (SELECT x.type, nextval(pg_get_serial_sequence('stock_picking', 'id')) AS id
      FROM unnest($1::bigint[]) WITH ORDINALITY AS x(type, at)
      ORDER BY x.at) n
JOIN stock_picking_type t ON t.id = n.type
JOIN stock_warehouse w ON w.id = t.warehouse_id
ORDER BY n.id
