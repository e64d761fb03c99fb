-- Begins to follow each Odoo of which that is due: so many minutes after its last run has ended.
INSERT INTO ek_odoo_run (odoo_id, kind, create_uid, write_uid)
SELECT o.id, 'follow', o.write_uid, o.write_uid
FROM ek_odoo o
WHERE o.follow_minutes > 0 AND o.cut_over IS NULL AND o.deleted_at IS NULL AND o.secret IS NOT NULL
    AND EXISTS (SELECT FROM ek_odoo_run r WHERE r.odoo_id = o.id AND r.kind = 'import' AND r.state = 'done' AND NOT r.of_marked)
    AND NOT EXISTS (
        SELECT FROM ek_odoo_run r
        WHERE r.odoo_id = o.id
            AND (r.state IN ('waiting', 'running', 'paused') OR r.ended > now() - o.follow_minutes * interval '1 minute')
    )
ON CONFLICT (odoo_id) WHERE state IN ('waiting', 'running', 'paused') DO NOTHING
