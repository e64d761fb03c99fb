-- Who was forgotten: the list that a restored backup runs again. It says nothing of the person.
CREATE TABLE res_partner_forgotten (
    partner_id bigint      PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    actor      bigint      NOT NULL,
    reason     text        NOT NULL,
    -- So long invoices print who it was
    keep_until date,
    -- Until it has been looked for among what was refused
    email      text
);
CREATE INDEX res_partner_forgotten_email ON res_partner_forgotten (at) WHERE email IS NOT NULL;

-- Overwrites a client, its contacts, and what banks have written of it. Again it changes nothing.
CREATE FUNCTION forget(_partner bigint, _actor bigint, _reason text, _keep_until date) RETURNS void
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    _ids  bigint[];
    _rows bigint[];
    _fields text[] := '{name,email,phone,mobile,street,street2,zip,city,state_id,state_name,country_id,vat,ref,rc,nif,nis,ai,rib,comment}';
BEGIN
    WITH RECURSIVE of AS (
        SELECT id FROM res_partner WHERE id = _partner AND NOT is_pos
        UNION SELECT c.id FROM res_partner c JOIN of ON c.parent_id = of.id WHERE NOT c.is_pos)
    SELECT array_agg(id) INTO _ids FROM res_partner WHERE id IN (SELECT id FROM of) AND name <> 'Client effacé ' || id;
    IF _ids IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO res_partner_forgotten (partner_id, actor, reason, keep_until, email)
        SELECT id, _actor, _reason, _keep_until, email FROM res_partner WHERE id = ANY (_ids)
        ON CONFLICT (partner_id) DO UPDATE SET keep_until = excluded.keep_until, email = excluded.email;
    UPDATE res_partner SET name = 'Client effacé ' || id, phone = NULL, mobile = NULL, street = NULL, street2 = NULL, zip = NULL, city = NULL, state_id = NULL, state_name = NULL, country_id = NULL, vat = NULL, ref = NULL, rc = NULL, nif = NULL, nis = NULL, ai = NULL, rib = NULL, comment = NULL, title = NULL,
        -- A client's key, as long as a client must have one
        email = CASE WHEN parent_id IS NULL AND email IS NOT NULL THEN 'forgotten-' || id END,
        bank_ids = '{}', active = false, post_hash = NULL, version = version + 1, write_uid = _actor, write_date = now()
        WHERE id = ANY (_ids);
    WITH gone AS (
        UPDATE res_partner_bank SET phone = NULL, mobile = NULL, street = NULL, street2 = NULL, zip = NULL, city = NULL, state_id = NULL, state_name = NULL, country_id = NULL, vat = NULL, ref = NULL, rc = NULL, nif = NULL, nis = NULL, ai = NULL, rib = NULL, comment = NULL, post_hash = NULL, deleted_at = now(), version = version + 1, write_uid = _actor, write_date = now()
        WHERE partner_id = ANY (_ids) AND deleted_at IS NULL RETURNING id)
    SELECT coalesce(array_agg(id), '{}') INTO _rows FROM gone;
    PERFORM audit_forget('res.partner', _ids, _fields, _actor, _reason);
    PERFORM audit_forget('res.partner.bank', _rows, _fields, _actor, _reason);
    -- What papers print of somebody as they were
    IF _keep_until IS NULL THEN
        DELETE FROM formerly WHERE (relation = 'res_partner' AND record_id = ANY (_ids))
            OR (relation = 'res_partner_bank' AND record_id IN (SELECT id FROM res_partner_bank WHERE partner_id = ANY (_ids)));
    END IF;
    INSERT INTO event (model, record_id, version, kind, origin, actor, payload)
        SELECT 'res.partner', id, version, 'updated', 'odoo', _actor,
            jsonb_build_object('id', id, 'is_pos', false, 'active', false, 'bank_ids', '[]'::jsonb, 'version', version, 'forgotten', true, 'reason', _reason)
        FROM res_partner WHERE id = ANY (_ids) ORDER BY id;
END
$$;
