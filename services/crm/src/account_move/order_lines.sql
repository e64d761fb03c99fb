-- What these orders are invoiced for: their lines.
SELECT order_id AS document, product_id, name, manufacturer_ref, product_uom_qty::text AS quantity, price_unit::text, tax_id,
    tax_rate::text, tax_included, id AS sale_line_id, bank_id
FROM sale_order_line WHERE deleted_at IS NULL AND order_id = ANY ($1) ORDER BY order_id, sequence, id
