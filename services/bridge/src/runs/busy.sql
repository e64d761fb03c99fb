-- Runs ($1) whose Odoo is busy with another, or that are several of one Odoo.
SELECT r.id
FROM ek_odoo_run r
JOIN ek_odoo_run o ON o.odoo_id = r.odoo_id AND o.id <> r.id AND (o.state IN ('waiting', 'running', 'paused') OR o.id = ANY ($1))
WHERE r.id = ANY ($1) AND r.state IN ('paused', 'failed')
