-- Takes deliveries by one conditional UPDATE: of each key the first that is due, causes before their effects, of a platform whose
-- breaker is open one. A platform that has half ($3) of what it may have leased ($4) is not asked about. What fails and waits keeps
-- only what it is the cause of. From the data of another installation ($1) nothing is pushed, whenever it came here.
-- Of a platform that is paused nothing is taken; which are is told in a last row, for what is leased and not begun.
--
-- The first of a key is a scalar sub-select: as an anti-join, planned with the statistics of an empty queue, a backlog is read once for
-- each of its rows. For the same reason what it joins is looked up by id or key, never joined at the planner's choice: a plan that was
-- made while the queue was empty reads all of `ek_sent` for each delivery.
--
-- What the platform could not understand yet is not leased: it waits for its cause, which is told first where nobody was going to.
WITH chosen AS MATERIALIZED (
    SELECT
        d.id,
        p.open_until IS NOT NULL AS is_probe,
        d.is_again,
        CASE
            WHEN NOT p.wants_products OR d.is_again OR d.kind NOT IN ('configuration', 'stock') THEN NULL
            WHEN NOT EXISTS (
                SELECT FROM ek_sent s
                WHERE s.platform_id = p.id AND s.taken AND s.kind = 'product'
                    AND s.record_id = split_part(d.order_key, ' ', 2)::bigint
            ) THEN 'product ' || split_part(d.order_key, ' ', 2)
            WHEN d.kind = 'stock' AND NOT EXISTS (
                SELECT FROM ek_sent s
                WHERE s.platform_id = p.id AND s.taken AND s.kind = 'configuration' AND s.record_id = d.record_id
            ) THEN 'configuration ' || d.record_id
        END AS waits_for
    FROM ek_platform p
    CROSS JOIN LATERAL (
        SELECT count(*) AS n
        FROM ek_delivery f
        WHERE f.platform_id = p.id AND f.state = 'sending' AND f.lease_until > now()
    ) leased
    CROSS JOIN LATERAL (
        SELECT d.id, d.kind, d.order_key, d.record_id, d.state = 'sending' AS is_again
        FROM ek_delivery d
        WHERE d.platform_id = p.id
            AND d.state IN ('waiting', 'sending')
            AND d.waits_for IS NULL
            AND (CASE d.state WHEN 'waiting' THEN d.next_attempt ELSE d.lease_until END) <= now()
            AND d.id = (
                SELECT e.id
                FROM ek_delivery e
                WHERE e.platform_id = d.platform_id
                    AND e.order_key = d.order_key
                    AND e.state IN ('waiting', 'sending')
                    AND e.waits_for IS NULL
                    AND (
                        e.state = 'sending'
                        OR e.next_attempt <= now()
                        OR p.wants_products AND (e.kind = 'product' OR e.kind = 'configuration' AND e.record_id = d.record_id)
                    )
                ORDER BY
                    (e.state = 'sending' AND e.lease_until > now()) DESC,
                    CASE e.kind WHEN 'configuration' THEN 1 WHEN 'stock' THEN 2 ELSE 0 END,
                    e.id
                LIMIT 1
            )
        ORDER BY d.bulk, d.id
        LIMIT CASE
            WHEN p.open_until IS NOT NULL THEN greatest(0, 1 - leased.n)
            WHEN leased.n > $3 THEN 0
            ELSE $4 - leased.n
        END
    ) d
    WHERE p.active
        AND NOT p.paused
        AND p.deleted_at IS NULL
        AND (p.open_until IS NULL OR p.open_until <= now())
        AND $1 = (SELECT i.name FROM installation i)
    LIMIT $2
),
taken AS (
    UPDATE ek_delivery d
    SET waits_for = c.waits_for,
        state = CASE WHEN c.waits_for IS NULL THEN 'sending' ELSE 'waiting' END,
        last_error = CASE WHEN c.waits_for IS NULL THEN d.last_error ELSE 'waits for ' || c.waits_for END,
        lease = $5,
        lease_until = now() + make_interval(secs => $6)
    FROM chosen c
    WHERE d.id = ANY(ARRAY(SELECT id FROM chosen))
        AND d.id = c.id
        AND d.state IN ('waiting', 'sending')
        AND (CASE d.state WHEN 'waiting' THEN d.next_attempt ELSE d.lease_until END) <= now()
    RETURNING d.*, c.is_probe, c.is_again
),
missing AS (
    SELECT
        t.*,
        CASE WHEN t.waits_for LIKE 'configuration %' THEN 'configuration' ELSE 'product' END AS cause_kind,
        CASE WHEN t.waits_for LIKE 'configuration %' THEN t.record_id ELSE split_part(t.order_key, ' ', 2)::bigint END AS cause
    FROM taken t
    WHERE t.waits_for IS NOT NULL
),
causes AS (
    INSERT INTO ek_delivery
        (platform_id, bank_id, kind, verb, order_key, model, record_id, webhook_id, traceparent, changed_at, bulk)
    SELECT DISTINCT ON (m.platform_id, m.waits_for)
        m.platform_id,
        m.bank_id,
        m.cause_kind,
        CASE m.cause_kind WHEN 'configuration' THEN 'PUT' ELSE 'POST' END,
        m.order_key,
        CASE m.cause_kind WHEN 'configuration' THEN 'product.template' ELSE 'product.master' END,
        m.cause,
        'msg_' || replace(gen_random_uuid()::text, '-', ''),
        m.traceparent,
        m.changed_at,
        m.bulk
    FROM missing m
    WHERE (
            SELECT e.id
            FROM ek_delivery e
            WHERE e.platform_id = m.platform_id AND e.order_key = m.order_key AND e.state IN ('waiting', 'sending')
                AND e.record_id = m.cause AND e.kind = m.cause_kind
            LIMIT 1
        ) IS NULL
        AND (
            SELECT e.id
            FROM ek_delivery e
            WHERE e.platform_id = m.platform_id AND e.state = 'dead' AND e.record_id = m.cause AND e.kind = m.cause_kind
            LIMIT 1
        ) IS NULL
    ORDER BY m.platform_id, m.waits_for, m.id
    ON CONFLICT DO NOTHING
)
SELECT row_to_json(t)::text
FROM (
    SELECT
        t.id,
        t.platform_id AS platform,
        p.name,
        t.kind,
        t.order_key,
        t.record_id AS record,
        t.reference,
        t.verb,
        t.attempts,
        t.webhook_id,
        t.sent,
        t.sent_version,
        s.digest AS taken_digest,
        s.version AS taken_version,
        coalesce(s.taken, false) AS is_known,
        t.traceparent,
        t.changed_at,
        t.lease,
        t.is_probe,
        t.is_again,
        t.waits_for,
        p.bank_id AS bank,
        p.version AS platform_version,
        CASE t.kind
            WHEN 'product' THEN p.wants_products
            WHEN 'configuration' THEN p.wants_products
            WHEN 'stock' THEN p.wants_stock
            WHEN 'order' THEN p.wants_orders
            WHEN 'client' THEN p.wants_clients
            WHEN 'pos' THEN p.wants_pos
            WHEN 'user' THEN p.wants_users
            WHEN 'test' THEN p.active
        END AS is_wanted,
        p.base_url,
        p.paths,
        array_remove(
            ARRAY[p.secret, CASE WHEN p.secret_changed > now() - interval '24 hours' THEN p.secret_before END],
            NULL
        ) AS sealed
    FROM taken t
    JOIN ek_platform p ON p.id = t.platform_id
    LEFT JOIN LATERAL (
        SELECT s.digest, s.version, s.taken
        FROM ek_sent s
        WHERE s.platform_id = t.platform_id AND s.kind = t.kind AND s.record_id = t.record_id
        LIMIT 1
    ) s ON true
    ORDER BY t.id
) t
UNION ALL
SELECT json_build_object('paused', array_agg(p.id))::text
FROM ek_platform p
WHERE p.paused
HAVING count(*) > 0
