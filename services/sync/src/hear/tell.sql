-- Deliveries of news of one kind ($1) for all platforms that may and want to hear, or for one ($3, a full sync); folded into those that
-- wait. The bank that caused it ($2) does not hear it. What a platform has not taken it is told whole. A configuration goes with its
-- product, which is not told yet: that is a sub-select, for an anti-join reads all that waits.
INSERT INTO ek_delivery
    (platform_id, bank_id, kind, verb, order_key, model, record_id, reference, webhook_id, traceparent, changed_at, bulk)
SELECT
    p.id,
    p.bank_id,
    w.kind,
    CASE
        WHEN w.kind <> 'product' THEN w.verb
        WHEN EXISTS (
            SELECT FROM ek_sent s
            WHERE s.platform_id = p.id AND s.taken AND s.kind = 'product' AND s.record_id = w.record_id
        ) THEN w.verb
        ELSE 'POST'
    END,
    w.order_key,
    w.model,
    w.record_id,
    w.reference,
    'msg_' || replace(gen_random_uuid()::text, '-', ''),
    w.traceparent,
    w.changed_at,
    $3::bigint IS NOT NULL
FROM jsonb_to_recordset($1::jsonb)
    AS w(kind text, verb text, order_key text, model text, record_id bigint, reference text, banks bigint[], traceparent text,
         changed_at timestamptz, feed text, pos bigint)
JOIN ek_platform p ON p.deleted_at IS NULL
    AND (w.pos IS NULL OR w.pos > coalesce((p.since::jsonb ->> w.feed)::bigint, 0))
    AND (w.banks IS NULL OR p.bank_id = ANY(w.banks))
    AND CASE w.kind
        WHEN 'product' THEN p.wants_products
        WHEN 'configuration' THEN p.wants_products
        WHEN 'stock' THEN p.wants_stock
        WHEN 'order' THEN p.wants_orders
        WHEN 'client' THEN p.wants_clients
        WHEN 'pos' THEN p.wants_pos
        WHEN 'user' THEN p.wants_users
        WHEN 'test' THEN p.active
    END
    AND p.bank_id IS DISTINCT FROM $2::bigint
    AND ($3::bigint IS NULL OR p.id = $3)
WHERE w.kind <> 'configuration'
    OR (
        SELECT d.id
        FROM ek_delivery d
        WHERE d.platform_id = p.id AND d.order_key = w.order_key AND d.kind = 'product' AND d.verb = 'POST' AND d.state = 'waiting'
        LIMIT 1
    ) IS NULL
ORDER BY w.record_id, p.id
ON CONFLICT (platform_id, kind, record_id) WHERE state = 'waiting' DO UPDATE SET
    verb = CASE
        WHEN ek_delivery.verb IN ('POST', excluded.verb) THEN ek_delivery.verb
        WHEN excluded.verb = 'POST' THEN 'POST'
        ELSE 'PUT'
    END,
    order_key = excluded.order_key,
    reference = coalesce(excluded.reference, ek_delivery.reference),
    bulk = ek_delivery.bulk AND excluded.bulk,
    version = ek_delivery.version + 1,
    write_date = now()
