-- Takes the next run that is due under a lease ($1) of so many seconds ($2): one that waits, or whose lease was lost.
WITH next AS (
    SELECT r.id
    FROM ek_odoo_run r
    WHERE r.state IN ('waiting', 'running') AND r.next_try <= now() AND (r.lease IS NULL OR r.lease_until < now())
    ORDER BY r.id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
),
taken AS (
    UPDATE ek_odoo_run r
    SET state = 'running',
        lease = $1,
        lease_until = now() + $2 * interval '1 second',
        begun = coalesce(r.begun, now()),
        error = NULL,
        write_date = now(),
        version = r.version + 1
    FROM next
    WHERE r.id = next.id
    RETURNING r.*
)
SELECT
    json_build_object(
        'id', t.id, 'odoo', o.id, 'kind', t.kind, 'of_marked', t.of_marked, 'progress', t.progress, 'step', t.step, 'tries', t.tries,
        'report', t.report, 'base_url', o.base_url, 'db', o.db, 'login', o.login, 'secret', o.secret, 'company', o.company_id,
        'mapping', o.mapping, 'batch', o.batch, 'per_second', o.per_second, 'name', o.name, 'freezes', o.freezes
    )::text
FROM taken t
JOIN ek_odoo o ON o.id = t.odoo_id
