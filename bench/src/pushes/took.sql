-- How long each took, in milliseconds, of the configurations that a platform ($1) was told since a time in seconds ($2).
SELECT extract(epoch FROM done_at - changed_at)::float8 * 1000
FROM ek_delivery
WHERE platform_id = $1 AND kind = 'configuration' AND state = 'done' AND changed_at > to_timestamp($2::float8)
