-- Where goods are that are written off.
SELECT DISTINCT location_id FROM stock_quant WHERE id = ANY ($1)
