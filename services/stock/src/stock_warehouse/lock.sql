-- Locks locations that keep goods, in one fixed order. What refers to a location needs no more than its key.
SELECT id FROM stock_location WHERE usage = 'internal' AND id = ANY ($1) ORDER BY id FOR NO KEY UPDATE
