-- Locks a platform that is as it was.
SELECT id
FROM ek_platform
WHERE id = $1 AND version = $2
FOR UPDATE
