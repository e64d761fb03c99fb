-- Where counted products are.
SELECT DISTINCT location_id FROM stock_quant WHERE id = ANY ($1)
