-- One of these users who is an administrator that can log in.
SELECT id FROM res_users
WHERE hub_admin AND active AND deleted_at IS NULL AND id <> 1 AND password IS NOT NULL AND id = ANY ($1)
LIMIT 1
