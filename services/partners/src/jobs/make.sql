-- Begins a job ($1) of user $2, on their side ($3).
INSERT INTO ek_job (name, user_id, kind, model, state, done, total, message, params, file, file_name, create_by, create_uid, write_uid)
SELECT r.name, u.id, r.kind, r.model, coalesce(r.state, 'waiting'), coalesce(r.done, 0), coalesce(r.total, 0), r.message, r.params,
    r.file, r.file_name, $3, u.id, u.id
FROM jsonb_populate_record(NULL::ek_job, $1::jsonb) r, res_users u
WHERE u.id = $2
RETURNING id
