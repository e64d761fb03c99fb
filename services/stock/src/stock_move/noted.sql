-- What is compared with a quantity that is noted as done on moves.
SELECT m.id, m.state, m.product_uom_qty::text AS demand, l.usage = 'supplier' AS from_vendor
FROM stock_move m JOIN stock_location l ON l.id = m.location_id
WHERE m.id = ANY ($1)
ORDER BY m.id
