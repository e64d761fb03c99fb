-- Of these orders ($1) nothing is settled but of these lines ($2).
DELETE FROM order_settled WHERE order_id = ANY ($1) AND line_id <> ALL ($2)
