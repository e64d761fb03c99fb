-- The hash of a user's password.
SELECT password FROM res_users WHERE deleted_at IS NULL AND id = $1
