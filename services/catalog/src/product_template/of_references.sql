-- Locks the configurations of these references.
SELECT id, manufacturer_ref, master_product, active FROM product_template
WHERE deleted_at IS NULL AND manufacturer_ref = ANY ($1)
ORDER BY id
FOR UPDATE
