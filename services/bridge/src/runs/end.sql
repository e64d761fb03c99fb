-- A run ($1) comes to its end under its lease ($2): in this state ($3), with this reason ($4), this mapping ($5), and so many seconds ($6) that
-- an import will take.
UPDATE ek_odoo_run
SET state = $3, error = $4, mapping = $5, seconds = $6, ended = now(), about = NULL, estimated_end = NULL, lease = NULL, lease_until = NULL,
    write_date = now(), version = version + 1
WHERE id = $1 AND lease = $2
