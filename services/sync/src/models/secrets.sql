-- Platforms' secrets, and the database's time.
SELECT id, secret, now()::text AS now
FROM ek_platform
WHERE id = ANY($1)
ORDER BY id
