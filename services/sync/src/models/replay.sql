-- Makes dead letters wait again, under their ids; those whose record has a newer delivery that waits are done with it. Meant are these
-- deliveries ($1), done or dead, or the dead letters of these platforms ($2); with `since` ($3) also what was delivered to them since
-- then is told once more: a product that was made since then to a platform that may have lost it. What was done earlier was changed
-- earlier: so the index of what is done serves.
WITH meant AS (
    SELECT d.*
    FROM ek_delivery d
    WHERE d.id = ANY($1) AND d.state IN ('dead', 'done')
    UNION ALL
    SELECT d.*
    FROM ek_delivery d
    WHERE d.platform_id = ANY($2) AND d.state = 'dead'
        AND ($3::text IS NULL OR d.changed_at >= $3::timestamp AT TIME ZONE 'UTC' AND d.kind <> 'test')
    UNION ALL
    SELECT d.*
    FROM ek_delivery d
    WHERE d.platform_id = ANY($2) AND d.state = 'done'
        AND d.done_at >= $3::timestamp AT TIME ZONE 'UTC'
        AND d.changed_at >= $3::timestamp AT TIME ZONE 'UTC'
        AND d.kind <> 'test'
),
chosen AS (
    SELECT DISTINCT ON (d.platform_id, d.kind, d.record_id)
        d.*,
        bool_or(d.verb = 'POST') OVER (PARTITION BY d.platform_id, d.kind, d.record_id) AS is_new
    FROM meant d
    ORDER BY d.platform_id, d.kind, d.record_id, d.id DESC
    LIMIT 100000
),
buried AS (
    UPDATE ek_delivery d
    SET state = 'done', done_at = now(), last_error = 'replayed; ' || coalesce(d.last_error, '')
    FROM chosen c
    WHERE d.platform_id = c.platform_id AND d.kind = c.kind AND d.record_id = c.record_id AND d.state = 'dead'
),
forgotten AS (
    UPDATE ek_sent s
    SET taken = false
    FROM chosen c
    WHERE c.state = 'done' AND c.kind = 'product' AND c.is_new
        AND s.platform_id = c.platform_id AND s.kind = c.kind AND s.record_id = c.record_id
)
INSERT INTO ek_delivery
    (platform_id, bank_id, kind, verb, order_key, model, record_id, webhook_id, sent, sent_version, traceparent, changed_at)
SELECT
    c.platform_id,
    c.bank_id,
    c.kind,
    CASE WHEN c.is_new THEN 'POST' ELSE c.verb END,
    c.order_key,
    c.model,
    c.record_id,
    CASE WHEN c.state = 'dead' THEN c.webhook_id ELSE 'msg_' || replace(gen_random_uuid()::text, '-', '') END,
    CASE WHEN c.state = 'dead' THEN c.sent END,
    c.sent_version,
    c.traceparent,
    c.changed_at
FROM chosen c
ORDER BY c.id
ON CONFLICT DO NOTHING
