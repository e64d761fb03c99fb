-- The login of a user who may log in.
SELECT login FROM res_users WHERE id = $1 AND active AND deleted_at IS NULL
