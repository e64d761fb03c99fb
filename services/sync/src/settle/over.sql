-- Settles what is over, of what is still leased so: done, with its attempt and with what the platform has taken. A configuration whose
-- product was there already, and that was not told with it, is told by itself.
--
-- What waited for a cause that was taken just now goes on. What the platform was told with it is done: it was heard of before the body
-- was built ($2 is how long a lease lasts). What waits for what is gone has nothing to tell either.
--
-- Platforms that answered have their breakers closed, and then everything that waits for them is due, in order: those are answered.
WITH w AS (
    SELECT *
    FROM jsonb_to_recordset($1::jsonb)
        AS w(id bigint, lease text, status bigint, why text, at timestamptz, milliseconds bigint, told jsonb, untold bigint[],
             webhook_id text, sent text, sent_version bigint, answer text, sealed_body text, new_verb text, is_cause boolean)
),
mine AS (
    UPDATE ek_delivery d
    SET state = 'done',
        done_at = now(),
        attempts = d.attempts + (w.status IS NOT NULL)::int,
        last_error = w.why,
        last_status = w.status,
        webhook_id = coalesce(w.webhook_id, d.webhook_id),
        sent = coalesce(w.sent, d.sent),
        sent_version = coalesce(w.sent_version, d.sent_version),
        verb = coalesce(w.new_verb, d.verb),
        write_date = now(),
        version = d.version + 1
    FROM w
    WHERE d.id = ANY(ARRAY(SELECT id FROM w)) AND d.id = w.id AND d.state = 'sending' AND d.lease = w.lease
    RETURNING
        d.id, d.platform_id, d.bank_id, d.kind, d.order_key, d.record_id, d.webhook_id, d.traceparent, d.changed_at, d.bulk,
        d.lease_until, d.last_error, w.status, w.at, w.milliseconds, w.told, w.untold, w.is_cause,
        w.answer, w.sealed_body
),
tried AS (
    INSERT INTO ek_attempt (delivery_id, bank_id, at, milliseconds, status, webhook_id, answer, sealed_body)
    SELECT id, bank_id, at, milliseconds, status, webhook_id, answer, sealed_body
    FROM mine
    WHERE status IS NOT NULL
),
sent AS (
    INSERT INTO ek_sent (platform_id, kind, record_id, digest, version)
    SELECT DISTINCT ON (m.platform_id, t.kind, t.record_id) m.platform_id, t.kind, t.record_id, t.digest, t.version
    FROM mine m, jsonb_to_recordset(m.told) AS t(kind text, record_id bigint, digest text, version bigint)
    ORDER BY 1, 2, 3, m.id DESC
    ON CONFLICT (platform_id, kind, record_id) DO UPDATE SET
        digest = excluded.digest,
        version = greatest(excluded.version, ek_sent.version),
        taken = true,
        sent_at = now()
),
one_by_one AS (
    INSERT INTO ek_delivery
        (platform_id, bank_id, kind, verb, order_key, model, record_id, webhook_id, traceparent, changed_at, bulk)
    SELECT
        m.platform_id, m.bank_id, 'configuration', 'PUT', m.order_key, 'product.template', u.id,
        'msg_' || replace(gen_random_uuid()::text, '-', ''), m.traceparent, m.changed_at, m.bulk
    FROM mine m, unnest(m.untold) AS u(id)
    ON CONFLICT DO NOTHING
),
effects AS MATERIALIZED (
    SELECT
        e.id,
        e.waits_for,
        CASE
            WHEN e.kind = 'configuration'
                AND e.write_date <= m.lease_until - make_interval(secs => $2)
                AND m.told @> jsonb_build_array(jsonb_build_object('kind', 'configuration', 'record_id', e.record_id))
                THEN 'told with its product'
            WHEN m.status IS NULL AND m.last_error = 'there was nothing to tell' THEN m.last_error
        END AS why
    FROM (
        -- The release before names a cause by its reference
        SELECT *, ARRAY[kind || ' ' || record_id, CASE kind WHEN 'product' THEN 'rc_' ELSE 'rc_variante' END || record_id] AS names
        FROM mine
        WHERE is_cause
    ) m
    CROSS JOIN LATERAL (
        SELECT e.id, e.kind, e.record_id, e.write_date, e.waits_for
        FROM ek_delivery e
        WHERE e.platform_id = m.platform_id
            AND e.order_key = m.order_key
            AND e.state IN ('waiting', 'sending')
            AND e.state = 'waiting'
            AND (e.waits_for = ANY(m.names) OR m.kind = 'product' AND e.kind = 'configuration')
        LIMIT 10000
    ) e
),
freed AS (
    UPDATE ek_delivery d
    SET state = CASE WHEN f.why IS NULL THEN 'waiting' ELSE 'done' END,
        done_at = CASE WHEN f.why IS NOT NULL THEN now() END,
        last_error = f.why,
        waits_for = NULL,
        next_attempt = now(),
        version = d.version + 1
    FROM effects f
    WHERE d.id = ANY(ARRAY(SELECT id FROM effects))
        AND d.id = f.id
        AND d.state = 'waiting'
        AND (f.why IS NOT NULL OR f.waits_for IS NOT NULL)
),
before AS (
    SELECT id, open_until
    FROM ek_platform
    WHERE (failures > 0 OR open_until IS NOT NULL) AND id IN (SELECT platform_id FROM mine WHERE status IS NOT NULL)
    ORDER BY id
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
