-- The platforms that are switched on: how much waits for each, how much is dead, and what its last call was answered.
SELECT
    p.name,
    p.base_url,
    p.secret,
    p.open_until IS NOT NULL AS is_open,
    p.paused AS is_paused,
    coalesce(extract(epoch FROM now() - o.oldest), 0)::float8 AS oldest,
    o.n AS waiting,
    (SELECT count(*) FROM ek_delivery d WHERE d.platform_id = p.id AND d.state = 'dead') AS dead,
    (
        SELECT a.status
        FROM (SELECT * FROM ek_attempt ORDER BY id DESC LIMIT 1000) a
        JOIN ek_delivery d ON d.id = a.delivery_id
        WHERE d.platform_id = p.id
        ORDER BY a.id DESC
        LIMIT 1
    ) AS last
FROM ek_platform p,
LATERAL (
    SELECT min(d.changed_at) AS oldest, count(*) AS n
    FROM ek_delivery d
    WHERE d.platform_id = p.id AND d.state IN ('waiting', 'sending')
) o
WHERE p.active AND p.deleted_at IS NULL
ORDER BY p.name
LIMIT 1000
