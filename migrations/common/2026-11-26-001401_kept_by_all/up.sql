-- What every owner keeps a part of, beside the records that it is about: ids are unique over all owners, because each counts in
-- steps of 16 from a number of its own, which it has for ever (process/directory.rs has them too).
DO $do$
DECLARE
    n int := CASE current_schema() WHEN 'catalog' THEN 1 WHEN 'partners' THEN 2 WHEN 'crm' THEN 3 WHEN 'stock' THEN 4 WHEN 'sync' THEN 5
        WHEN 'bridge' THEN 6 END;
BEGIN
    IF n IS NULL THEN
        RAISE EXCEPTION 'the owner of the schema % has no number', current_schema();
    END IF;
    EXECUTE format('CREATE FUNCTION service_number() RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN %s', n);

    -- The audit as its readers have it. Its ids were given before; the index is in the place of the primary key, which nobody asks
    EXECUTE format($sql$
        CREATE VIEW ek_audit AS SELECT a.id * 16 + %s::bigint AS id, a.at, a.actor AS user_id, a.origin, a.bank AS bank_id, a.model,
            a.record_id AS res_id, a.field, a.before, a.after, a.origin AS create_by, a.actor AS create_uid, a.at AS create_date,
            a.actor AS write_uid, a.at AS write_date, 1::bigint AS version, NULL::timestamptz AS deleted_at
        FROM audit a;
        ALTER TABLE audit DROP CONSTRAINT audit_pkey;
        CREATE UNIQUE INDEX audit_number ON audit ((id * 16 + %s::bigint));
    $sql$, n, n);
END
$do$;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_actor ON audit (actor, at);

-- Has a table's ids count as said above.
CREATE PROCEDURE kept_by_all(t regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ALTER COLUMN id SET START WITH %s SET INCREMENT BY 16 RESTART', t, service_number());
END
$$;
