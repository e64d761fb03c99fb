-- What was kept of these records ($3) of a model here ($2), of an Odoo ($1), when they were taken or put aside.
SELECT json_build_object('their_id', their_id, 'state', state, 'digest', digest, 'record_id', record_id)::text
FROM ek_odoo_record
WHERE odoo_id = $1 AND NOT rehearsal AND model = $2 AND their_id = ANY($3)
