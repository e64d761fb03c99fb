-- Gives these jobs ($1) what is said of them ($2), by user $3.
UPDATE ek_job j SET (name, kind, model, state, done, total, message, params, file, file_name) = (
        SELECT r.name, r.kind, r.model, r.state, r.done, r.total, r.message, r.params, r.file, r.file_name
        FROM jsonb_populate_record(j, $2::jsonb) r
    ), version = j.version + 1, write_uid = $3, write_date = now()
WHERE j.id = ANY ($1)
