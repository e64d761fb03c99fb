-- Of these deliveries those that wait are due now, and so is what waits to tell of the same records.
UPDATE ek_delivery
SET next_attempt = now()
WHERE state = 'waiting'
    AND id = ANY(ARRAY(
        SELECT w.id
        FROM ek_delivery m
        CROSS JOIN LATERAL (
            SELECT w.id
            FROM ek_delivery w
            WHERE w.platform_id = m.platform_id AND w.kind = m.kind AND w.record_id = m.record_id AND w.state = 'waiting'
            LIMIT 1
        ) w
        WHERE m.id = ANY($1)
    ))
