-- A run ($1) gives its lease ($2) back and is tried again in so many seconds ($4), because of this ($3).
UPDATE ek_odoo_run
SET state = 'waiting', error = $3, tries = tries + 1, next_try = now() + $4 * interval '1 second', lease = NULL, lease_until = NULL,
    write_date = now(), version = version + 1
WHERE id = $1 AND lease = $2
