-- What was found out about an Odoo ($1): its door ($2) and version ($3).
UPDATE ek_odoo
SET protocol = $2, server_version = $3, write_date = now(), version = version + 1
WHERE id = $1 AND (protocol, server_version) IS DISTINCT FROM ($2, $3)
