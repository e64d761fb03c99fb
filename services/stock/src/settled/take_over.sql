-- What was put aside elsewhere for these orders counts no more.
UPDATE order_settled SET taken_over = true WHERE NOT taken_over AND order_id = ANY ($1)
