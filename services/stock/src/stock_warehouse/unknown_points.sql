-- Points of sale of which nothing is known but their name.
SELECT partner_id FROM stock_warehouse WHERE partner_version = 0 AND partner_id IS NOT NULL AND deleted_at IS NULL
