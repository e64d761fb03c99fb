-- What the gauges show of each platform that is switched on. What waits for one that is paused waits because somebody says so: its age
-- is nobody's alarm.
SELECT
    p.name,
    o.pending,
    CASE WHEN p.paused THEN 0 ELSE o.age END AS age,
    (SELECT count(*) FROM ek_delivery d WHERE d.platform_id = p.id AND d.state = 'dead') AS dead,
    p.open_until IS NOT NULL AND NOT p.paused AS is_open,
    p.paused AS is_paused
FROM ek_platform p,
LATERAL (
    SELECT count(*) AS pending, coalesce(extract(epoch FROM now() - min(d.changed_at))::bigint, 0) AS age
    FROM ek_delivery d
    WHERE d.platform_id = p.id AND d.state IN ('waiting', 'sending')
) o
WHERE p.active AND p.deleted_at IS NULL
LIMIT 1000
