-- The client with an e-mail, and whether a bank knows it.
SELECT id, active, bank_ids @> ARRAY [$2::bigint] AS known
FROM res_partner
WHERE deleted_at IS NULL AND NOT is_pos AND parent_id IS NULL AND email = $1
