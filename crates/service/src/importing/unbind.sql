-- Lines of a model ($2) that an Odoo ($1) has no more are bound no more, by their ids here ($3).
DELETE FROM odoo_binding WHERE source = $1 AND model = $2 AND record_id = ANY ($3)
