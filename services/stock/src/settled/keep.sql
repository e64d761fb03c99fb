-- Keeps what was settled elsewhere of lines ($1) of orders ($2): shipped, come back, put aside.
INSERT INTO order_settled (line_id, order_id, delivered, returned, reserved)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::numeric[], $4::numeric[], $5::numeric[])
ON CONFLICT (line_id) DO UPDATE SET
    order_id = excluded.order_id,
    delivered = excluded.delivered,
    returned = excluded.returned,
    reserved = excluded.reserved
