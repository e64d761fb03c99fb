-- When a run ($1) began.
SELECT begun::text FROM ek_odoo_run WHERE id = $1
