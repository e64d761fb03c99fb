-- The net under the hub's own statements: whoever else changes a record, psql included, leaves its event and its audit too. The
-- hub's sessions have hub.own=on and are left alone, because their statements write both themselves (records/write.rs).
-- The triggers are made from the models' declarations after the migrations (service/net.rs), disabled until `migrate net`: a
-- release that does not set hub.own yet may still serve this schema, and each of its changes would be told twice.

-- Names of the schema's own are written out (@ stands for it): a session with another search path must not write into another
-- owner's feed, and a SET search_path on each function costs ten microseconds a call.
DO $do$ BEGIN EXECUTE replace($sql$
-- Before an update: what every change does to the row itself; one that changes nothing is none.
CREATE FUNCTION record_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NULL;
    END IF;
    IF NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'the id of a record of % stays', TG_TABLE_NAME;
    END IF;
    NEW.version := OLD.version + 1;
    NEW.write_uid := 1;
    NEW.write_date := now();
    RETURN NEW;
END
$$;

-- What is told of a row: no column of `hidden`, and of a person the keys of `nulled` without their values.
CREATE FUNCTION record_told(state jsonb, hidden text[], nulled jsonb, impersonal text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN state - hidden || CASE WHEN (state ->> impersonal) IS DISTINCT FROM 'true' THEN nulled ELSE '{}' END;

-- After an insert, once a statement. Arguments, as those of record_changed: the model; the columns that nobody is told; the
-- personal ones, as {"column": null}; the column that tells records which are no person's; the secret columns.
CREATE FUNCTION record_created() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH told AS MATERIALIZED (
        SELECT n.id, n.version, @.record_told(to_jsonb(n), TG_ARGV[1]::text[], TG_ARGV[2]::jsonb, TG_ARGV[3]) AS state FROM new_rows n),
    event_row AS (INSERT INTO @.event (model, record_id, version, kind, origin, actor, payload)
        SELECT TG_ARGV[0], t.id, t.version, 'created', 'odoo', 1, t.state FROM told t)
    INSERT INTO @.audit (actor, origin, model, record_id, after) SELECT 1, 'odoo', TG_ARGV[0], t.id, t.state FROM told t;
    RETURN NULL;
END
$$;

-- After an update or a delete, each row.
CREATE FUNCTION record_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gone  boolean := TG_OP = 'DELETE' OR NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL;
    was   jsonb   := to_jsonb(OLD);
    state jsonb   := CASE TG_OP WHEN 'DELETE' THEN was ELSE to_jsonb(NEW) END;
    told  jsonb   := @.record_told(state, TG_ARGV[1]::text[], TG_ARGV[2]::jsonb, TG_ARGV[3]);
    named text[]  := TG_ARGV[4]::text[];
BEGIN
    IF (state ->> TG_ARGV[3]) IS DISTINCT FROM 'true' THEN
        named := named || ARRAY(SELECT jsonb_object_keys(TG_ARGV[2]::jsonb));
    END IF;
    -- A row that is deleted has no newer version, and who compares versions must see that it is news
    INSERT INTO @.event (model, record_id, version, kind, origin, actor, payload)
        VALUES (TG_ARGV[0], OLD.id, CASE TG_OP WHEN 'DELETE' THEN OLD.version + 1 ELSE (state -> 'version')::bigint END,
            CASE WHEN gone THEN 'deleted' ELSE 'updated' END, 'odoo', 1, told);
    IF gone THEN
        INSERT INTO @.audit (actor, origin, model, record_id, before) VALUES (1, 'odoo', TG_ARGV[0], OLD.id, told);
    ELSE
        INSERT INTO @.audit (actor, origin, model, record_id, field, before, after)
            SELECT 1, 'odoo', TG_ARGV[0], OLD.id, a.field,
                CASE WHEN a.field = ANY(named) THEN NULL ELSE was -> a.field END, CASE WHEN a.field = ANY(named) THEN NULL ELSE a.after END
            FROM jsonb_each(state - '{post_hash,deleted_at,version,write_date,write_uid}'::text[]) AS a(field, after)
            WHERE a.after IS DISTINCT FROM was -> a.field;
    END IF;
    RETURN NULL;
END
$$;
$sql$, '@', quote_ident(current_schema())); END $do$;

CREATE FUNCTION record_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'records of % are removed one by one', TG_TABLE_NAME;
END
$$;

-- Puts the net under a table, or makes it anew where the declaration has changed. It is enabled where the schema's others are.
CREATE PROCEDURE record_watch(t regclass, model text, secret text[], personal text[], impersonal text) LANGUAGE plpgsql AS $$
DECLARE
    hidden text := (ARRAY['post_hash', 'deleted_at'] || secret)::text;
    nulled text := coalesce((SELECT jsonb_object_agg(p, NULL) FROM unnest(personal) p), '{}')::text;
    own    text := $w$WHEN (current_setting('hub.own', true) IS DISTINCT FROM 'on')$w$;
    as_it_is text := (SELECT replace(encode(tgargs, 'escape'), '\000', '|') FROM pg_trigger WHERE tgrelid = t AND tgname = '_net_changed');
    is_on  boolean := EXISTS (SELECT FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
        WHERE c.relnamespace = current_schema()::regnamespace AND g.tgname = '_net_changed' AND g.tgenabled <> 'D');
    name   text;
BEGIN
    -- A view has no rows of its own
    IF (SELECT relkind FROM pg_class WHERE oid = t) <> 'r' OR as_it_is = concat_ws('|', model, hidden, nulled, impersonal, secret::text, '') THEN
        RETURN;
    END IF;
    -- BEFORE triggers fire by name: this one before a table's own, for which an update that changes nothing is then none
    EXECUTE format('CREATE OR REPLACE TRIGGER _net_stamp BEFORE UPDATE ON %s FOR EACH ROW %s EXECUTE FUNCTION record_stamp()', t, own);
    EXECUTE format('CREATE OR REPLACE TRIGGER _net_created AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT %s EXECUTE FUNCTION record_created(%L, %L, %L, %L)', t, own, model, hidden, nulled, impersonal);
    EXECUTE format('CREATE OR REPLACE TRIGGER _net_changed AFTER UPDATE OR DELETE ON %s FOR EACH ROW %s
        EXECUTE FUNCTION record_changed(%L, %L, %L, %L, %L)', t, own, model, hidden, nulled, impersonal, secret::text);
    EXECUTE format('CREATE OR REPLACE TRIGGER _net_no_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT %s
        EXECUTE FUNCTION record_no_truncate()', t, own);
    IF NOT is_on THEN
        FOREACH name IN ARRAY ARRAY['_net_stamp', '_net_created', '_net_changed', '_net_no_truncate'] LOOP
            EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', t, name);
        END LOOP;
    END IF;
END
$$;
