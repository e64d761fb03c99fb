-- A delivery that tells nothing, for each of these platforms that is switched on and not paused.
INSERT INTO ek_delivery (platform_id, bank_id, kind, verb, order_key, model, record_id, webhook_id, changed_at, create_uid)
SELECT
    p.id, p.bank_id, 'test', 'POST', 'test ' || p.id, 'ek.platform', p.id, 'msg_' || replace(gen_random_uuid()::text, '-', ''), now(), $2
FROM ek_platform p
WHERE p.active AND NOT p.paused AND p.id = ANY($1)
ON CONFLICT (platform_id, kind, record_id) WHERE state = 'waiting' DO UPDATE SET next_attempt = now()
RETURNING id
