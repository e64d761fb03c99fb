-- Locks the point of sale with a code.
SELECT id, post_hash, active, bank_ids FROM res_partner
WHERE deleted_at IS NULL AND is_pos AND code_pos = $1
FOR UPDATE
