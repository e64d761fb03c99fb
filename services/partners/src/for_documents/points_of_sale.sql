-- Points of sale by code or id, those that are archived among them.
SELECT code_pos, id, name, active, status, version FROM res_partner
WHERE is_pos AND deleted_at IS NULL AND (code_pos = ANY ($1) OR id = ANY ($2))
