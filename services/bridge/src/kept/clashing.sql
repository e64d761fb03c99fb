-- Which records of a model ($3) a rehearsal ($2) of an Odoo ($1) would take already that have one of these natural keys ($4).
SELECT json_build_object('key_hash', e.key_hash, 'their_id', e.their_id, 'record_id', coalesce(e.record_id, e.their_id))::text
FROM jsonb_array_elements_text($4::jsonb) AS r(key_hash)
JOIN ek_odoo_record e
    ON e.odoo_id = $1 AND e.rehearsal AND e.model = $3 AND e.key_hash = r.key_hash AND e.run_id = $2 AND e.state = 'taken'
