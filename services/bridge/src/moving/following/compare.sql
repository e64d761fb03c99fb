-- Of a reader ($3) of an Odoo ($1) these ids ($6) are there, of those after one ($4) up to another ($5). What was there before is gone, and
-- a run ($2) has found it out; what is not known is answered.
WITH there AS MATERIALIZED (
    SELECT unnest($6::bigint[]) AS id
),
gone AS (
    UPDATE ek_odoo_record e
    SET state = 'gone', reason = 'It is not there any more, or no longer among what comes over.', misfit = NULL, needs_model = NULL,
        needs_id = NULL, obstacle_id = NULL, again = false, run_id = $2, write_date = now(), version = e.version + 1
    WHERE e.odoo_id = $1 AND NOT e.rehearsal AND e.reader = $3 AND e.their_id > $4 AND e.their_id <= $5 AND e.state <> 'gone'
        AND NOT EXISTS (SELECT FROM there WHERE there.id = e.their_id)
)
SELECT t.id
FROM there t
WHERE NOT EXISTS (
    SELECT FROM ek_odoo_record e
    WHERE e.odoo_id = $1 AND NOT e.rehearsal AND e.reader = $3 AND e.their_id = t.id AND e.state <> 'gone'
)
ORDER BY t.id
