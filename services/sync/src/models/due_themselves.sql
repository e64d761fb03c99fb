-- Of these deliveries those that wait are due now.
UPDATE ek_delivery
SET next_attempt = now()
WHERE state = 'waiting' AND id = ANY($1)
