-- Where orders are shipped from.
SELECT DISTINCT location_id FROM stock_picking WHERE picking_type_code = 'outgoing' AND sale_id = ANY ($1)
