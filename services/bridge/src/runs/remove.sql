-- Removes runs ($1) that have ended.
DELETE FROM ek_odoo_run WHERE id = ANY ($1) AND state NOT IN ('waiting', 'running', 'paused')
