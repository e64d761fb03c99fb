-- How much of moves is back, or on its way back.
SELECT m.origin_returned_move_id AS of, sum(CASE m.state WHEN 'done' THEN m.quantity_done ELSE m.product_uom_qty END)::text AS quantity
FROM stock_move m
WHERE m.deleted_at IS NULL AND m.state <> 'cancel' AND m.origin_returned_move_id = ANY ($1)
GROUP BY m.origin_returned_move_id
