-- How many records of a reader ($4) of an Odoo ($1) are in which state for which reason, as this run ($3) of a kind ($2) knows it.
SELECT
    json_build_object(
        'state', e.state, 'kind', coalesce(e.misfit, CASE WHEN e.state = 'left_out' THEN e.reason END, ''), 'many', count(*)
    )::text
FROM ek_odoo_record e
WHERE e.odoo_id = $1 AND e.rehearsal = ($2 = 'rehearsal') AND e.reader = $4 AND ($2 <> 'rehearsal' OR e.run_id = $3)
GROUP BY e.state, coalesce(e.misfit, CASE WHEN e.state = 'left_out' THEN e.reason END, '')
ORDER BY e.state, count(*) DESC, coalesce(e.misfit, CASE WHEN e.state = 'left_out' THEN e.reason END, '')
