-- Orders as they last had their effect, locked.
SELECT order_id, version, ek_state FROM order_demand WHERE order_id = ANY ($1) ORDER BY order_id FOR UPDATE
