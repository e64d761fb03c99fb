-- Keeps a key of $4 days by its hash.
INSERT INTO api_key (key_sha256, user_id, name, expires_at, create_uid)
VALUES (sha256(convert_to($1, 'UTF8')), $2, $3, now() + make_interval(days => $4::int), $5)
RETURNING id, user_id, name, expires_at AS expiration_date, 1::bigint AS version
