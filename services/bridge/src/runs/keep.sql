-- A run's ($1) step is done under its lease ($2): the next one ($3 of $4, about $5), and what was found until now ($6, numbers $7).
UPDATE ek_odoo_run
SET step = $3, steps = $4, about = $5, report = $6, counts = $7, done = 0, total = 0, tries = 0, write_date = now(), version = version + 1
WHERE id = $1 AND lease = $2
