-- Notes which rows here quantities of an Odoo ($1) and model ($2) are.
INSERT INTO odoo_binding (source, model, odoo_id, record_id, write_date, version, digest)
SELECT $1, $2, b.odoo_id, b.record_id, b.write_date, q.version, b.digest
FROM jsonb_to_recordset($3::jsonb) AS b(odoo_id bigint, record_id bigint, write_date timestamptz, digest text)
JOIN stock_quant q ON q.id = b.record_id
ON CONFLICT (source, model, odoo_id) DO UPDATE SET
    record_id = excluded.record_id,
    write_date = excluded.write_date,
    version = excluded.version,
    digest = excluded.digest
