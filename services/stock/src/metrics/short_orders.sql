-- How many orders wait for goods.
SELECT count(DISTINCT sale_id) FROM stock_move WHERE state IN ('confirmed', 'partially_available') AND sale_id IS NOT NULL
