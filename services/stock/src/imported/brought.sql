-- Notes where the ledger ends at these rows ($1): an import of an Odoo ($2) has set their quantities.
INSERT INTO quantity_brought (quant_id, source, last_line)
SELECT q.id, $2, coalesce(
    (SELECT max(l.id) FROM stock_move_line l
     WHERE l.product_id = q.product_id AND q.location_id IN (l.location_id, l.location_dest_id)), 0)
FROM stock_quant q
WHERE q.id = ANY ($1)
ON CONFLICT (quant_id) DO UPDATE SET last_line = excluded.last_line
