-- What records of an Odoo ($1), each of a model ($2) with its id there ($3), are here.
SELECT b.model, b.odoo_id, b.record_id, b.version, b.digest
FROM odoo_binding b
JOIN unnest($2::text[], $3::bigint[]) AS w(model, odoo_id) ON b.model = w.model AND b.odoo_id = w.odoo_id
WHERE b.source = $1
