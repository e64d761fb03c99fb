-- Lets runs ($1) go on that rest or have failed, by user $2.
UPDATE ek_odoo_run
SET state = 'waiting', error = NULL, ended = NULL, tries = 0, next_try = now(), write_uid = $2, write_date = now(), version = version + 1
WHERE id = ANY ($1) AND state IN ('paused', 'failed')
