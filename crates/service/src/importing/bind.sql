-- Notes which records here those of an Odoo ($1) and model ($2) are.
INSERT INTO odoo_binding (source, model, odoo_id, record_id, of, write_date, version, digest)
SELECT $1, $2, odoo_id, record_id, of, write_date, version, digest
FROM jsonb_to_recordset($3::jsonb)
    AS b(odoo_id bigint, record_id bigint, of bigint, write_date timestamptz, version bigint, digest text)
ON CONFLICT (source, model, odoo_id) DO UPDATE SET
    of = excluded.of,
    write_date = excluded.write_date,
    version = excluded.version,
    digest = excluded.digest
