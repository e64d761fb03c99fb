-- What was put aside elsewhere counts no more: of all orders ($1 is 1), or of these ($2).
UPDATE order_settled SET taken_over = true WHERE NOT taken_over AND reserved > 0 AND ($1 = 1 OR order_id = ANY ($2))
