-- Records of a reader ($4) of an Odoo ($1), after an id ($5), at most so many ($6), that are to be taken again: marked, or put aside for want of
-- what this run ($3) has taken by now.
SELECT e.their_id
FROM ek_odoo_record e
WHERE e.odoo_id = $1
    AND e.rehearsal = ($2 = 'rehearsal')
    AND e.reader = $4
    AND e.their_id > $5
    AND ($2 <> 'rehearsal' OR e.run_id = $3)
    AND e.state <> 'taken'
    AND (
        e.again
        OR e.state = 'refused' AND e.misfit = 'refers_to_what_is_not_here' AND EXISTS (
            SELECT FROM ek_odoo_record n
            WHERE n.odoo_id = e.odoo_id AND n.rehearsal = e.rehearsal AND n.model = e.needs_model AND n.their_id = e.needs_id
                AND (n.record_id IS NOT NULL OR n.state = 'taken') AND n.state <> 'gone' AND ($2 <> 'rehearsal' OR n.run_id = $3)
        )
    )
ORDER BY e.their_id
LIMIT $6
