-- An administrator, if there is one but for the hub itself.
SELECT id FROM res_users WHERE hub_admin AND id <> 1 AND deleted_at IS NULL LIMIT 1
