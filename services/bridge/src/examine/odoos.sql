-- Every Odoo, and why its last run has failed, where it has.
SELECT o.name, o.secret, (
        SELECT CASE WHEN r.state = 'failed' THEN r.error END FROM ek_odoo_run r WHERE r.odoo_id = o.id ORDER BY r.id DESC LIMIT 1
    ) AS failed
FROM ek_odoo o
WHERE o.deleted_at IS NULL
ORDER BY o.name
