-- The hash of the last POST of a client by a bank.
SELECT post_hash FROM res_partner_bank WHERE deleted_at IS NULL AND partner_id = $1 AND bank_id = $2
