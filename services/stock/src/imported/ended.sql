-- Which transfers here those of an Odoo ($1) with these ids there ($2) are; whether they are there, and were changed here.
SELECT b.odoo_id, b.record_id, p.deleted_at IS NULL AS is_there, p.version <> b.version AS is_changed
FROM odoo_binding b
JOIN stock_picking p ON p.id = b.record_id
WHERE b.source = $1 AND b.model = 'stock.picking' AND b.odoo_id = ANY ($2)
FOR UPDATE OF p
