-- Of these points of sale those that have a warehouse.
SELECT partner_id FROM stock_warehouse WHERE deleted_at IS NULL AND partner_id = ANY ($1)
