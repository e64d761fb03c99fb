-- What waits for these platforms is due now.
UPDATE ek_delivery
SET next_attempt = now(), write_date = now()
WHERE state = 'waiting' AND platform_id = ANY($1)
