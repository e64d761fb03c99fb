-- Pickings by their ids.
SELECT to_jsonb(p)::text FROM stock_picking p WHERE p.id = ANY ($1) ORDER BY p.id
