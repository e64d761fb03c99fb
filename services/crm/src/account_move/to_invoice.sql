-- The heads of the invoices of these orders.
SELECT id AS document, id AS sale_id, partner_id, bank_id, order_source,
    name AS invoice_origin,
    NULL::bigint AS reversed_entry_id, NULL AS ref, NULL AS reason
FROM sale_order WHERE id = ANY ($1) ORDER BY id
