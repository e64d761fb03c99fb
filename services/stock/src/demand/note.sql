-- Notes of orders with which version, in which state, they have had their effect.
INSERT INTO order_demand (order_id, version, ek_state)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])
ON CONFLICT (order_id) DO UPDATE SET version = excluded.version, ek_state = excluded.ek_state
