-- Where pickings take their goods from, and where to.
SELECT DISTINCT unnest(ARRAY[location_id, location_dest_id]) FROM stock_picking WHERE id = ANY ($1)
