-- Begins a run ($2) of an Odoo ($1) that has a secret, of which none is open, and that is not cut over where records would come, for user $3 on their side ($4); of what is marked
-- alone, or of all ($5).
INSERT INTO ek_odoo_run (odoo_id, kind, create_by, create_uid, write_uid, of_marked)
SELECT o.id, $2, $4, $3, $3, $5 = 'marked'
FROM ek_odoo o
WHERE o.id = $1 AND o.deleted_at IS NULL AND o.secret IS NOT NULL
    AND (o.cut_over IS NULL OR $2 IN ('inspection', 'rehearsal', 'verification'))
ON CONFLICT (odoo_id) WHERE state IN ('waiting', 'running', 'paused') DO NOTHING
RETURNING id
