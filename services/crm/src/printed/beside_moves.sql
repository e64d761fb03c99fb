-- What stands on these invoices and credit notes beside them: where the goods went, and the law's words by tax, as they were at the
-- moment that made each for good; of a credit note also the day of its invoice.
SELECT json_build_object(
    'id', m.id, 'at', m.create_date::text, 'bank', m.bank_id, 'invoice_date', i.invoice_date,
    'delivery', (
        SELECT json_build_object(
            'ek_order_id', o.ek_order_id, 'street', p.delivery_street, 'street2', p.delivery_street2, 'state', p.delivery_state
        )
        FROM jsonb_populate_record(o, as_it_was('sale_order', o.id, m.create_date)) p
    ),
    'legal', (
        SELECT coalesce(json_object_agg(t.id, p.invoice_legal_notes), '{}')
        FROM account_tax t, jsonb_populate_record(t, as_it_was('account_tax', t.id, m.create_date)) p
        WHERE p.invoice_legal_notes <> ''
            AND t.id IN (SELECT l.tax_id FROM account_move_line l WHERE l.move_id = m.id AND l.deleted_at IS NULL)
    )
)::text
FROM account_move m
LEFT JOIN sale_order o ON o.id = m.sale_id
LEFT JOIN account_move i ON i.id = m.reversed_entry_id
WHERE m.id = ANY ($1)
