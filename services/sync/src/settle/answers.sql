-- A platform answers: its breaker closes, and then everything that waits for it is due, in order.
WITH before AS (
    SELECT id, open_until
    FROM ek_platform
    WHERE (failures > 0 OR open_until IS NOT NULL) AND id = $1
    FOR NO KEY UPDATE
),
closed AS (
    UPDATE ek_platform p SET failures = 0, open_until = NULL FROM before b WHERE p.id = b.id
)
UPDATE ek_delivery d
SET next_attempt = now()
FROM before b
WHERE b.open_until IS NOT NULL
    AND d.platform_id = b.id
    AND d.state = 'waiting'
    AND d.waits_for IS NULL
    AND d.next_attempt > now()
RETURNING d.platform_id
