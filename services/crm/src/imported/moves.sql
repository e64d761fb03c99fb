-- Who has the numbers of these invoices and credit notes ($1) already: here, and the first of them. Drafts of an Odoo have none, '/'.
WITH r AS (
    SELECT n, nullif(nullif(name, '/'), '') AS key FROM jsonb_to_recordset($1::jsonb) AS r(n bigint, name text)
)
SELECT r.n, m.id AS record_id, CASE WHEN r.key IS NULL THEN r.n ELSE min(r.n) OVER (PARTITION BY r.key) END AS first
FROM r
LEFT JOIN account_move m ON m.name = r.key AND m.deleted_at IS NULL
