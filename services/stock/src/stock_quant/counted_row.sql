-- The row of a product at a location, locked.
SELECT id FROM stock_quant WHERE deleted_at IS NULL AND product_id = $1 AND location_id = $2 FOR UPDATE
