-- The hash of the password of a login.
SELECT password FROM res_users WHERE deleted_at IS NULL AND login = $1
