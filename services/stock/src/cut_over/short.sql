-- Of these moves those that wait for more.
SELECT id FROM stock_move WHERE state IN ('confirmed', 'partially_available') AND id = ANY ($1)
