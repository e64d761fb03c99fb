-- Begins to tell a platform everything of a kind.
INSERT INTO ek_sync (platform_id, kind, verb, filter, create_uid)
VALUES ($1, $2, $3, $4, $5)
RETURNING id
