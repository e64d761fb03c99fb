-- Locks what all banks have written of clients.
SELECT id FROM res_partner_bank WHERE deleted_at IS NULL AND partner_id = ANY ($1) ORDER BY id FOR UPDATE
