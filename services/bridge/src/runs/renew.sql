-- Keeps a run's ($1) lease ($2) for so many seconds ($3), and tells how many of the step's records are read ($4, $5).
UPDATE ek_odoo_run
SET lease_until = now() + $3 * interval '1 second', done = $4, total = $5, write_date = now(), version = version + 1
WHERE id = $1 AND lease = $2
