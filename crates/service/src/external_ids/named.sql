-- What has a name already, of this bank's or of nobody's.
SELECT id, model, res_id FROM ir_model_data
WHERE module = $1 AND name = $2 AND coalesce(bank, 0) = coalesce($3::bigint, 0) AND deleted_at IS NULL FOR UPDATE
