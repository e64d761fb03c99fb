-- Writes down what is about to be sent, where the lease is still the sender's.
UPDATE ek_delivery
SET webhook_id = $3, sent = $4, sent_version = $5
WHERE id = $1 AND state = 'sending' AND lease = $2
