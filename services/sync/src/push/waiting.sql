-- The deliveries that wait for their cause.
SELECT d.id
FROM ek_platform p
CROSS JOIN LATERAL (
    SELECT d.id
    FROM ek_delivery d
    WHERE d.platform_id = p.id AND d.state IN ('waiting', 'sending') AND d.waits_for IS NOT NULL
    LIMIT 10000
) d
WHERE p.active
