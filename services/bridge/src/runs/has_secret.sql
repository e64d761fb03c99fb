-- An Odoo whose secret is set.
SELECT o.id FROM ek_odoo o WHERE o.id = $1 AND o.deleted_at IS NULL AND o.secret IS NOT NULL
