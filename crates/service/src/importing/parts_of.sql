-- The lines (model $2) of records that were taken before of an Odoo ($1), by the ids that these have there ($3).
SELECT b.model, b.odoo_id, b.record_id, b.version, b.digest, b.of
FROM odoo_binding b
WHERE b.source = $1 AND b.model = $2 AND b.of = ANY ($3)
