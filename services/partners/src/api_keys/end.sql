-- Ends these keys, and all keys of these users.
DELETE FROM api_key WHERE id = ANY ($1) OR user_id = ANY ($2)
RETURNING id, user_id, name, expires_at AS expiration_date, 1::bigint AS version
