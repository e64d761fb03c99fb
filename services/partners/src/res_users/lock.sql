-- Locks a user.
SELECT id FROM res_users WHERE deleted_at IS NULL AND id = $1 FOR UPDATE
