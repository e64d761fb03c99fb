-- The numbers that the banks of a mapping have got, of an Odoo ($1).
SELECT DISTINCT ON (key) json_build_object('name', key, 'number', their_id)::text
FROM ek_odoo_record
WHERE odoo_id = $1 AND reader = 'res.bank/mapping' AND key IS NOT NULL
ORDER BY key, rehearsal, their_id
