-- Of these orders those that are in this state.
SELECT order_id FROM order_demand WHERE ek_state = $2 AND order_id = ANY ($1)
