-- Ends a session.
DELETE FROM session WHERE token_sha256 = sha256(convert_to($1, 'UTF8')) RETURNING user_id
