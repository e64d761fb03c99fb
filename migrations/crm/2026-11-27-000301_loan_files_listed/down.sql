-- The function as it was, then what it went over. The sealed texts have all of it.
CREATE OR REPLACE FUNCTION forget(_partners bigint[], _actor bigint, _reason text) RETURNS void
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    _leads  bigint[] := (SELECT coalesce(array_agg(id), '{}') FROM crm_lead WHERE partner_id = ANY (_partners)
        AND (name <> 'Panier effacé ' || id OR loan_file IS NOT NULL OR post_hash IS NOT NULL));
    _orders bigint[] := (SELECT coalesce(array_agg(id), '{}') FROM sale_order WHERE partner_id = ANY (_partners)
        AND coalesce(delivery_street, delivery_street2, delivery_state, note, post_hash) IS NOT NULL);
    _drafts bigint[] := (SELECT coalesce(array_agg(id), '{}') FROM account_move WHERE partner_id = ANY (_partners) AND state <> 'posted'
        AND coalesce(ref, narration) IS NOT NULL);
    _papers bigint[] := (SELECT coalesce(array_agg(a.id), '{}') FROM ir_attachment a
        LEFT JOIN crm_lead l ON l.id = a.lead_id LEFT JOIN sale_order o ON o.id = a.order_id
        WHERE coalesce(l.partner_id, o.partner_id) = ANY (_partners) AND a.name <> 'Papier effacé ' || a.id);
BEGIN
    UPDATE crm_lead SET name = 'Panier effacé ' || id, loan_file = NULL, post_hash = NULL,
        version = version + 1, write_uid = _actor, write_date = now() WHERE id = ANY (_leads);
    UPDATE sale_order SET delivery_street = NULL, delivery_street2 = NULL, delivery_state = NULL, delivery_state_id = NULL,
        delivery_country_id = NULL, note = NULL, post_hash = NULL,
        version = version + 1, write_uid = _actor, write_date = now() WHERE id = ANY (_orders);
    UPDATE account_move SET ref = NULL, narration = NULL, version = version + 1, write_uid = _actor, write_date = now()
        WHERE id = ANY (_drafts);
    DELETE FROM ir_attachment_file WHERE record_id = ANY (_papers);
    UPDATE ir_attachment SET name = 'Papier effacé ' || id, datas = NULL, deleted_at = coalesce(deleted_at, now()),
        version = version + 1, write_uid = _actor, write_date = now() WHERE id = ANY (_papers);
    PERFORM audit_forget('crm.lead', _leads, '{name}', _actor, _reason);
    PERFORM audit_forget('sale.order', _orders, '{delivery_state,note}', _actor, _reason);
    PERFORM audit_forget('account.move', _drafts, '{ref,narration}', _actor, _reason);
    PERFORM audit_forget('ir.attachment', _papers, '{name}', _actor, _reason);
    -- Where the goods of an invoiced order went stands on the invoice
    DELETE FROM formerly f WHERE f.relation = 'sale_order' AND f.record_id = ANY (_orders)
        AND NOT EXISTS (SELECT FROM account_move m WHERE m.sale_id = f.record_id AND m.state = 'posted');
    INSERT INTO event (model, record_id, version, kind, origin, actor, payload)
        SELECT 'crm.lead', id, version, 'updated', 'odoo', _actor, '{"forgotten": true}'::jsonb FROM crm_lead WHERE id = ANY (_leads)
        UNION ALL
        SELECT 'sale.order', id, version, 'updated', 'odoo', _actor, '{"forgotten": true}'::jsonb FROM sale_order WHERE id = ANY (_orders)
        UNION ALL
        SELECT 'ir.attachment', id, version, 'deleted', 'odoo', _actor, '{"forgotten": true}'::jsonb FROM ir_attachment WHERE id = ANY (_papers);
END
$$;
ALTER TABLE crm_lead
    DROP COLUMN file_number,
    DROP COLUMN order_status,
    DROP COLUMN progress,
    DROP COLUMN file_state,
    DROP COLUMN file_state_date,
    DROP COLUMN file_state_reason,
    DROP COLUMN file_listed;
