-- Those of these users that the hub's side made.
SELECT id FROM res_users WHERE create_by <> 'ekiclik' AND id = ANY ($1) ORDER BY id LIMIT 20
