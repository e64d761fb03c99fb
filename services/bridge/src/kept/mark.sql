-- Marks records ($1) to be taken again; answers whose they are, once a record.
UPDATE ek_odoo_record
SET again = true, write_date = now(), version = version + 1
WHERE id = ANY ($1) AND NOT rehearsal AND state <> 'taken'
RETURNING odoo_id
