-- A platform's bank, and its secret.
SELECT bank_id, secret
FROM ek_platform
WHERE id = $1 AND deleted_at IS NULL
