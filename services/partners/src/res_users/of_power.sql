-- One of these users who administers the hub, whether or not they can log in.
SELECT id FROM res_users WHERE hub_admin AND id = ANY ($1) LIMIT 1
