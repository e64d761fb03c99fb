-- Whether an Odoo ($1) is cut over.
SELECT id
FROM ek_odoo
WHERE id = $1 AND cut_over IS NOT NULL
