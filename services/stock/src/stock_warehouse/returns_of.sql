-- Where what comes back to a warehouse stands.
SELECT id FROM stock_location WHERE deleted_at IS NULL AND returns_of = $1
