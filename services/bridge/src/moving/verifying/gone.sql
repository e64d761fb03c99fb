-- How many records of a reader ($2) of an Odoo ($1) were taken and are no longer there.
SELECT count(*)
FROM ek_odoo_record
WHERE odoo_id = $1 AND NOT rehearsal AND reader = $2 AND state = 'gone' AND record_id IS NOT NULL
