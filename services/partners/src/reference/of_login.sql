-- The user of a login.
SELECT id FROM res_users WHERE deleted_at IS NULL AND login = $1
