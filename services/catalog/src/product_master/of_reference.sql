-- Locks the product of a reference.
SELECT id, post_hash, active FROM product_master WHERE deleted_at IS NULL AND ref = $1 FOR UPDATE
