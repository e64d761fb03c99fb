-- Locks the user of a login.
SELECT id, post_hash, create_by, active, bank_id FROM res_users WHERE deleted_at IS NULL AND login = $1 FOR UPDATE
