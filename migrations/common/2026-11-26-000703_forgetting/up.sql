-- Law 18-07: what was kept of a person is overwritten when they are to be forgotten, in the audit too. One function does that, and
-- notes in the audit that it did; the triggers let nothing else through, and of that function values only.
CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND coalesce(current_setting('audit.forgetting', true), '') = 'yes' THEN
        IF TG_LEVEL = 'STATEMENT' THEN
            RETURN NULL;
        END IF;
        IF to_jsonb(NEW) = to_jsonb(OLD) || '{"before": null, "after": null}' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit is append-only';
END
$$;
CREATE TRIGGER audit_values_only BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_append_only();

-- Overwrites what the audit has of records, and these fields in events that are still kept.
CREATE FUNCTION audit_forget(_model text, _records bigint[], _fields text[], _actor bigint, _reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM set_config('audit.forgetting', 'yes', true);
    UPDATE audit SET before = NULL, after = NULL
        WHERE model = _model AND record_id = ANY (_records) AND (before IS NOT NULL OR after IS NOT NULL);
    PERFORM set_config('audit.forgetting', '', true);
    UPDATE event SET payload = payload || (SELECT coalesce(jsonb_object_agg(f, NULL), '{}') FROM unnest(_fields) f WHERE payload ? f)
        WHERE model = _model AND record_id = ANY (_records) AND payload ?| _fields;
    INSERT INTO audit (actor, origin, model, record_id, field, after)
        SELECT _actor, 'odoo', _model, r, 'forgotten', to_jsonb(_reason) FROM unnest(_records) r;
END
$$;
REVOKE ALL ON FUNCTION audit_forget FROM PUBLIC;
