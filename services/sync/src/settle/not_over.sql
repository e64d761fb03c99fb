-- A delivery ($1, by its lease) goes back among those that wait, or is a dead letter, or done ($3, the next attempt after $4 s; $5 is
-- whether this one counts). Where the record has a newer delivery that waits, that one speaks for both, and goes on under the same id
-- where it says the same. What was on the wire ($8 to $11) is written down with it, whether it counts or not. Of a call that was made
-- ($12: when) there is an attempt, with the answer ($15), why it failed ($16) and what it said ($17). A configuration whose product was there already, and that was not told with it ($14), is told by
-- itself.
WITH mine AS (
    SELECT
        d.*,
        coalesce($8::text, d.webhook_id) AS last_id,
        coalesce($9::text, d.sent) AS last_sent,
        coalesce($10::bigint, d.sent_version) AS last_version,
        coalesce($11::text, d.verb) AS last_verb
    FROM ek_delivery d
    WHERE d.id = $1 AND d.state = 'sending' AND d.lease = $2
    FOR UPDATE
),
tried AS (
    INSERT INTO ek_attempt (delivery_id, bank_id, at, milliseconds, status, error, webhook_id, answer, why, sealed_body)
    SELECT id, bank_id, $12::timestamptz, $13::bigint, $6::bigint, $7, last_id, $15::text, $16::text, $17::text
    FROM mine
    WHERE $12::timestamptz IS NOT NULL
),
one_by_one AS (
    INSERT INTO ek_delivery
        (platform_id, bank_id, kind, verb, order_key, model, record_id, webhook_id, traceparent, changed_at, bulk)
    SELECT
        m.platform_id, m.bank_id, 'configuration', 'PUT', m.order_key, 'product.template', u.id,
        'msg_' || replace(gen_random_uuid()::text, '-', ''), m.traceparent, m.changed_at, m.bulk
    FROM mine m, unnest($14::bigint[]) AS u(id)
    ON CONFLICT DO NOTHING
),
newer AS (
    UPDATE ek_delivery d
    SET verb = CASE m.last_verb WHEN 'POST' THEN 'POST' WHEN d.verb THEN d.verb ELSE 'PUT' END,
        webhook_id = m.last_id,
        sent = m.last_sent,
        sent_version = m.last_version
    FROM mine m
    WHERE d.platform_id = (SELECT platform_id FROM mine)
        AND d.kind = (SELECT kind FROM mine)
        AND d.record_id = (SELECT record_id FROM mine)
        AND d.state = 'waiting'
    RETURNING d.id
)
UPDATE ek_delivery d
SET write_date = now(),
    version = d.version + 1,
    lease = NULL,
    lease_until = NULL,
    webhook_id = m.last_id,
    sent = m.last_sent,
    sent_version = m.last_version,
    verb = m.last_verb,
    state = CASE WHEN EXISTS (SELECT FROM newer) THEN 'done' ELSE $3::text END,
    done_at = CASE WHEN EXISTS (SELECT FROM newer) OR $3::text = 'done' THEN now() END,
    attempts = d.attempts + $5,
    last_status = $6,
    last_error = CASE WHEN EXISTS (SELECT FROM newer) THEN 'folded into a newer delivery: ' ELSE '' END || $7,
    next_attempt = now() + make_interval(secs => $4)
FROM mine m
WHERE d.id = (SELECT id FROM mine)
