-- The client with an e-mail.
SELECT id FROM res_partner WHERE deleted_at IS NULL AND NOT is_pos AND parent_id IS NULL AND email = $1
