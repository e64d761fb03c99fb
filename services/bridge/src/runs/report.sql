-- Under its lease ($2) a run ($1) has found this ($3).
UPDATE ek_odoo_run
SET report = $3, write_date = now(), version = version + 1
WHERE id = $1 AND lease = $2
