-- Which records here those of an Odoo ($1), a model ($2) and ids there ($3) are.
SELECT odoo_id, record_id, digest FROM odoo_binding WHERE source = $1 AND model = $2 AND odoo_id = ANY ($3)
