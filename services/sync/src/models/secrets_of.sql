-- A platform's secret, and the one before it.
SELECT unnest(array_remove(ARRAY[secret, secret_before], NULL)) AS sealed
FROM ek_platform
WHERE id = $1
