-- The invoiced lines of these orders of which more came back or was given up than is credited, with what is credited of them.
SELECT i.id AS document, a.product_id, a.name, a.manufacturer_ref, a.quantity::text, a.price_unit::text, a.tax_id, a.tax_rate::text,
    a.tax_included, l.id AS sale_line_id, a.bank_id,
    a.price_subtotal::text AS untaxed, a.price_tax::text AS tax, a.price_total::text AS total,
    c.quantity::text AS credited, c.untaxed::text AS credited_untaxed, c.tax::text AS credited_tax, c.total::text AS credited_total,
    l.qty_returned::text AS returned, l.qty_closed::text AS closed
FROM account_move i
JOIN account_move_line a ON a.move_id = i.id
JOIN sale_order_line l ON l.id = a.sale_line_id,
LATERAL (
    SELECT coalesce(sum(b.quantity), 0) AS quantity, coalesce(sum(b.price_subtotal), 0) AS untaxed, coalesce(sum(b.price_tax), 0) AS tax,
        coalesce(sum(b.price_total), 0) AS total
    FROM account_move_line b JOIN account_move n ON n.id = b.move_id
    WHERE b.sale_line_id = l.id AND n.move_type = 'out_refund' AND n.state = 'posted'
) c
WHERE i.move_type = 'out_invoice' AND i.state = 'posted' AND l.qty_returned + l.qty_closed > c.quantity AND i.sale_id = ANY ($1)
ORDER BY i.id, a.sequence, a.id
