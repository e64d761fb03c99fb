-- Puts a sync aside with the reason.
UPDATE ek_sync
SET write_date = now(), version = version + 1, state = 'parked', error = $3
WHERE id = $1 AND state IN ('running', 'parked') AND after = $2
