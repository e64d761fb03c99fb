-- How many configurations a platform ($1) was told since a time in seconds ($2).
SELECT count(*)
FROM ek_delivery
WHERE platform_id = $1 AND kind = 'configuration' AND state = 'done' AND changed_at > to_timestamp($2::float8)
