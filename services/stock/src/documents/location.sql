-- A location, if it is one that keeps goods.
SELECT id FROM stock_location WHERE usage = 'internal' AND deleted_at IS NULL AND id = $1
