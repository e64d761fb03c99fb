-- Records of a reader ($3) that were there before and that a run ($2) over all of an Odoo ($1) has not met are no longer there.
UPDATE ek_odoo_record
SET state = 'gone', reason = 'It is not there any more, or no longer among what comes over.', misfit = NULL, needs_model = NULL, needs_id = NULL,
    obstacle_id = NULL, again = false, write_date = now(), version = version + 1
WHERE odoo_id = $1 AND NOT rehearsal AND reader = $3 AND run_id <> $2 AND state <> 'gone'
