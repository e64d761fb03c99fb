-- Locks what a bank has written of those clients whom it brought itself.
SELECT id FROM res_partner_bank WHERE deleted_at IS NULL AND partner_id = ANY ($1) AND bank_id = $2 AND joined ORDER BY id FOR UPDATE
