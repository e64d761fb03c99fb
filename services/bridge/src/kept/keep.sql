-- Under its lease ($2) a run ($1) moves on: its numbers ($4, step $5 of $6, about $7, $8 of $9 records, so many seconds to go $10) and what
-- became of records ($3).
WITH held AS (
    UPDATE ek_odoo_run
    SET progress = $4, step = $5, steps = $6, about = $7, done = $8, total = $9, tries = 0,
        estimated_end = now() + $10 * interval '1 second', write_date = now(), version = version + 1
    WHERE id = $1 AND lease = $2
    RETURNING id, odoo_id, kind = 'rehearsal' AS rehearsal
),
kept AS (
    INSERT INTO ek_odoo_record AS e
        (odoo_id, rehearsal, run_id, reader, model, their_id, record_id, key, key_hash, their_write_date, digest, state, misfit, reason, needs_model,
         needs_id, obstacle_id)
    SELECT
        h.odoo_id, h.rehearsal, h.id, r.reader, r.model, r.their_id, r.record_id, r.key, r.key_hash, r.their_write_date, r.digest, r.state, r.misfit,
        r.reason, r.needs_model, r.needs_id, r.obstacle_id
    FROM held h
    CROSS JOIN jsonb_to_recordset($3::jsonb) AS r(
        reader text, model text, their_id bigint, record_id bigint, key text, key_hash text, their_write_date timestamptz, digest text, state text,
        misfit text, reason text, needs_model text, needs_id bigint, obstacle_id bigint
    )
    ON CONFLICT (odoo_id, rehearsal, model, their_id) DO UPDATE
    SET run_id = excluded.run_id,
        reader = excluded.reader,
        -- What was taken once is still there, whatever became of it now, but where it was removed
        record_id = CASE
            WHEN e.rehearsal OR excluded.misfit = 'removed' THEN excluded.record_id
            ELSE coalesce(excluded.record_id, e.record_id)
        END,
        key = coalesce(excluded.key, e.key),
        key_hash = excluded.key_hash,
        their_write_date = excluded.their_write_date,
        digest = excluded.digest,
        state = excluded.state,
        -- What was told when it was taken holds as long as it is the same
        misfit = CASE
            WHEN NOT e.rehearsal AND excluded.misfit IS NULL AND excluded.state = 'taken' AND e.state = 'taken' AND e.digest = excluded.digest
                THEN e.misfit
            ELSE excluded.misfit
        END,
        reason = excluded.reason,
        needs_model = excluded.needs_model,
        needs_id = excluded.needs_id,
        obstacle_id = excluded.obstacle_id,
        again = false,
        write_date = now(),
        version = e.version + 1
)
SELECT id FROM held
