-- Calls runs ($1) off that have not ended, by user $2. Whoever has the lease finds that it is gone.
UPDATE ek_odoo_run
SET state = 'cancelled', ended = now(), lease = NULL, lease_until = NULL, write_uid = $2, write_date = now(), version = version + 1
WHERE id = ANY ($1) AND state IN ('waiting', 'running', 'paused')
