-- Of deliveries that wait for their cause those go on whose platform has taken it, does not want it any more, or will hear it from
-- nobody: it neither waits nor is dead. The release before names a cause by its reference.
UPDATE ek_delivery d
SET waits_for = NULL, last_error = NULL, next_attempt = now()
WHERE d.waits_for IS NOT NULL
    AND d.state = 'waiting'
    AND d.id = ANY(ARRAY(
        SELECT w.id
        FROM (
            SELECT
                d.id,
                d.platform_id,
                d.order_key,
                CASE WHEN d.waits_for ~ '^(configuration |rc_variante)' THEN 'configuration' ELSE 'product' END AS cause_kind,
                CASE WHEN d.waits_for ~ '^(configuration |rc_variante)' THEN d.record_id ELSE split_part(d.order_key, ' ', 2)::bigint END AS cause
            FROM ek_delivery d
            WHERE d.id = ANY($1)
        ) w
        JOIN ek_platform p ON p.id = w.platform_id
        WHERE p.active
            AND (
                NOT p.wants_products
                OR EXISTS (
                    SELECT FROM ek_sent s
                    WHERE s.platform_id = p.id AND s.kind = w.cause_kind AND s.record_id = w.cause
                )
                OR (
                    SELECT e.id
                    FROM ek_delivery e
                    WHERE e.platform_id = p.id AND e.order_key = w.order_key AND e.state IN ('waiting', 'sending')
                        AND e.record_id = w.cause AND e.kind = w.cause_kind
                    LIMIT 1
                ) IS NULL
                AND (
                    SELECT e.id
                    FROM ek_delivery e
                    WHERE e.platform_id = p.id AND e.state = 'dead' AND e.record_id = w.cause AND e.kind = w.cause_kind
                    LIMIT 1
                ) IS NULL
            )
    ))
