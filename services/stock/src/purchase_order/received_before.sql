-- Of these purchases those of which goods were received before they came here.
SELECT DISTINCT order_id FROM purchase_order_line WHERE deleted_at IS NULL AND qty_received_before > 0 AND order_id = ANY ($1)
