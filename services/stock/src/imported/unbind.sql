-- Moves here ($2) are those of an Odoo ($1) no more.
DELETE FROM odoo_binding WHERE source = $1 AND model = 'stock.move' AND record_id = ANY ($2)
