-- How much a platform has still to hear.
SELECT count(*)
FROM ek_delivery
WHERE state IN ('waiting', 'sending') AND platform_id = $1
