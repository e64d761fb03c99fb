-- The heads of the credit notes of these invoices. Of orders ($2) of which something was given up now, they tell why that was.
SELECT m.id AS document, m.sale_id, m.partner_id, m.bank_id, m.order_source, m.invoice_origin, m.id AS reversed_entry_id, m.name AS ref,
    CASE WHEN o.id = ANY ($2) THEN coalesce(o.closing_reason, 'Reliquat non livré') ELSE 'Retour de marchandises' END AS reason
FROM account_move m LEFT JOIN sale_order o ON o.id = m.sale_id
WHERE m.id = ANY ($1) ORDER BY m.id
