-- The leads of a bank ($1) that have one of two keys, with the hash of what each came with.
SELECT id, post_hash FROM crm_lead WHERE deleted_at IS NULL AND bank_id = $1 AND cart_id = $2
UNION
SELECT id, post_hash FROM crm_lead WHERE deleted_at IS NULL AND bank_id = $1 AND ek_order_id = $3
