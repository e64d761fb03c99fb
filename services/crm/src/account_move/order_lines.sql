-- What these orders are invoiced for: their lines, less what invoices that came from elsewhere have of them already. A down payment that
-- was invoiced there is taken back with the rest.
SELECT order_id AS document, product_id, name, manufacturer_ref, quantity::text, price_unit::text, tax_id, tax_rate::text, tax_included,
    id AS sale_line_id, bank_id, quantity <= 0 AS imported, untaxed::text, tax::text, total::text, is_history
FROM (
    SELECT l.order_id, l.sequence, l.product_id, l.name, l.manufacturer_ref, l.product_uom_qty - i.quantity AS quantity, l.price_unit, l.tax_id,
        l.tax_rate, l.tax_included, l.id, l.bank_id, l.price_subtotal - i.untaxed AS untaxed, l.price_tax - i.tax AS tax,
        l.price_total - i.total AS total, l.imported AND l.product_uom_qty = 0 AS is_down_payment, l.imported AS is_history,
        bool_or(l.product_uom_qty > i.quantity) OVER (PARTITION BY l.order_id) AS has_rest
    FROM sale_order_line l,
    LATERAL (
        SELECT coalesce(sum(a.quantity), 0) AS quantity, coalesce(sum(a.price_subtotal), 0) AS untaxed,
            coalesce(sum(a.price_tax), 0) AS tax, coalesce(sum(a.price_total), 0) AS total
        FROM account_move_line a JOIN account_move m ON m.id = a.move_id
        WHERE a.sale_line_id = l.id AND a.deleted_at IS NULL AND m.deleted_at IS NULL
            AND m.move_type = 'out_invoice' AND m.state = 'posted' AND m.payment_state IS DISTINCT FROM 'reversed'
    ) i
    WHERE l.deleted_at IS NULL AND l.order_id = ANY ($1)
) r
WHERE quantity > 0 OR is_down_payment AND quantity < 0 AND has_rest
ORDER BY order_id, sequence, id
