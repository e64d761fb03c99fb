-- Locks what a bank has written of clients.
SELECT id FROM res_partner_bank WHERE deleted_at IS NULL AND partner_id = ANY ($1) AND bank_id = $2 ORDER BY id FOR UPDATE
