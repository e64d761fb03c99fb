-- The invoiced lines of these orders of which more came back or was given up than is credited: how much that is of each line of an
-- order, and what is credited of each line of an invoice. What came back, or was dropped, where the order came from was settled there.
SELECT i.id AS document, a.product_id, a.name, a.manufacturer_ref, a.quantity::text, a.price_unit::text, a.tax_id, a.tax_rate::text,
    a.tax_included, l.id AS sale_line_id, a.bank_id, false AS imported,
    a.price_subtotal::text AS untaxed, a.price_tax::text AS tax, a.price_total::text AS total,
    c.quantity::text AS credited, c.untaxed::text AS credited_untaxed, c.tax::text AS credited_tax, c.total::text AS credited_total,
    d.due::text
FROM sale_order_line l
JOIN account_move_line a ON a.sale_line_id = l.id AND a.deleted_at IS NULL
JOIN account_move i ON i.id = a.move_id AND i.move_type = 'out_invoice' AND i.state = 'posted' AND i.deleted_at IS NULL,
LATERAL (
    SELECT l.qty_returned - coalesce(l.settled_returned, 0) + l.qty_closed - coalesce(l.settled_closed, 0) - coalesce(sum(b.quantity), 0) AS due
    FROM account_move_line b JOIN account_move n ON n.id = b.move_id
    WHERE b.sale_line_id = l.id AND n.move_type = 'out_refund' AND n.state = 'posted' AND NOT n.imported
) d,
LATERAL (
    SELECT coalesce(sum(b.quantity), 0) AS quantity, coalesce(sum(b.price_subtotal), 0) AS untaxed, coalesce(sum(b.price_tax), 0) AS tax,
        coalesce(sum(b.price_total), 0) AS total
    FROM account_move_line b JOIN account_move n ON n.id = b.move_id
    WHERE b.sale_line_id = l.id AND b.deleted_at IS NULL AND n.move_type = 'out_refund' AND n.state = 'posted'
        -- One that names no invoice may be of any
        AND coalesce(n.reversed_entry_id, i.id) = i.id
) c
WHERE d.due > 0 AND l.order_id = ANY ($1)
ORDER BY i.id, a.sequence, a.id
