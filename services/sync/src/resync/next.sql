-- The sync that goes on next, of a platform one kind after the other, where fewer than so many deliveries ($1) wait; one that was put
-- aside is tried again each minute, and the others don't wait for it. Replicas meet in the UPDATE that moves `after`.
SELECT s.id, s.platform_id, s.kind, s.verb, s.filter, s.cause, s.after
FROM ek_sync s
WHERE (s.state = 'running' OR s.state = 'parked' AND s.write_date < now() - interval '1 minute')
    AND NOT EXISTS (SELECT FROM ek_sync e WHERE e.state = 'running' AND e.platform_id = s.platform_id AND e.id < s.id)
    AND (
        SELECT count(*)
        FROM (SELECT FROM ek_delivery d WHERE d.platform_id = s.platform_id AND d.state = 'waiting' LIMIT $1) w
    ) < $1
ORDER BY s.write_date
LIMIT 1
