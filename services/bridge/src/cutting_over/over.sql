-- An Odoo ($1) is cut over, by the run ($2) that has this lease ($3).
UPDATE ek_odoo o
SET cut_over = now(), write_date = now(), version = o.version + 1
FROM ek_odoo_run r
WHERE o.id = $1 AND r.id = $2 AND r.lease = $3
