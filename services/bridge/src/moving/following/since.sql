-- So many seconds ($2) before the last whole run over an Odoo ($1) began that has ended well, as an Odoo writes it.
SELECT to_char((max(begun) - $2 * interval '1 second') AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
FROM ek_odoo_run
WHERE odoo_id = $1 AND kind IN ('import', 'follow', 'cutover') AND state = 'done' AND NOT of_marked
HAVING max(begun) IS NOT NULL
