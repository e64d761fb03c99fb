-- What rehearsals of an Odoo ($1) before this one ($2) have found is forgotten.
DELETE FROM ek_odoo_record WHERE odoo_id = $1 AND rehearsal AND run_id <> $2
