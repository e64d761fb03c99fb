-- How many orders of a client ($1) are neither delivered nor cancelled, and the day of its last posted invoice.
SELECT json_build_object(
    'open', (
        SELECT count(*) FROM sale_order o
        WHERE o.deleted_at IS NULL AND o.state <> 'cancel' AND o.partner_id = $1 AND (
            o.state <> 'done'
            OR EXISTS (SELECT FROM sale_order_line l WHERE l.order_id = o.id AND l.deleted_at IS NULL AND l.reserved + l.short > 0)
        )
    ),
    'last', (SELECT max(m.invoice_date) FROM account_move m WHERE m.state = 'posted' AND m.partner_id = $1)
)::text
