-- Whether names of somebody else stand in a module; a bank does not learn of another's.
SELECT id FROM ir_model_data
WHERE module = $1 AND owner <> $2 AND ($3::bigint IS NULL OR bank IS NULL) AND deleted_at IS NULL LIMIT 1
