DROP FUNCTION audit_forget(text, bigint[], text[], bigint, text);
DROP TRIGGER audit_values_only ON audit;
CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit is append-only';
END
$$;
