-- Throws away what was refused ($1 days ago), and the calls to platforms and what was delivered ($2 days ago). Attempts are looked for
-- from the oldest on: their ids rise with time.
WITH kept AS (
    SELECT now() - make_interval(days => $1::int) AS requests, now() - make_interval(days => $2::int) AS attempts
),
refused AS (
    DELETE FROM ek_request
    WHERE id IN (
        SELECT r.id
        FROM kept k
        CROSS JOIN LATERAL (SELECT r.id FROM ek_request r WHERE r.at < k.requests OR r.login IS NULL LIMIT 10000) r
    )
),
tried AS (
    DELETE FROM ek_attempt
    WHERE id IN (
        SELECT a.id
        FROM kept k, (SELECT id, at FROM ek_attempt ORDER BY id LIMIT 10000) a
        WHERE a.at < k.attempts
    )
)
DELETE FROM ek_delivery
WHERE id IN (
    SELECT d.id
    FROM kept k, ek_platform p
    CROSS JOIN LATERAL (
        SELECT d.id FROM ek_delivery d
        WHERE d.platform_id = p.id AND d.state = 'done' AND d.done_at < k.attempts
        LIMIT 10000
    ) d
    LIMIT 10000
)
