-- What every owner's schema has: the text folding, the feed of events, the audit, the kept answers.

-- Text without case and accents, for searches and natural keys. unaccent() alone is not IMMUTABLE; with its dictionary
-- named and the search path pinned it may stand in an index.
CREATE FUNCTION norm(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN lower(public.unaccent('public.unaccent'::regdictionary, value));

-- The same for a LIKE pattern. Folding may make an escape character of another one (a full-width backslash), and a pattern
-- must not end in one.
CREATE FUNCTION norm_pattern(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN norm(value) || CASE WHEN (length(norm(value)) - length(rtrim(norm(value), '\'))) % 2 = 1 THEN '\' ELSE '' END;

-- What every record has: whose it is, and its place in time. Tables take these columns by LIKE.
CREATE TABLE record (
    create_by   text        NOT NULL DEFAULT 'odoo' CONSTRAINT create_by_known CHECK (create_by IN ('odoo', 'ekiclik')),
    create_uid  bigint      NOT NULL DEFAULT 1,
    create_date timestamptz NOT NULL DEFAULT now(),
    write_uid   bigint      NOT NULL DEFAULT 1,
    write_date  timestamptz NOT NULL DEFAULT now(),
    version     bigint      NOT NULL DEFAULT 1,
    deleted_at  timestamptz
);

CREATE SEQUENCE event_seq;

CREATE TABLE event (
    seq         bigint      NOT NULL DEFAULT nextval('event_seq'),
    pos         bigint,
    at          timestamptz NOT NULL DEFAULT now(),
    model       text        NOT NULL,
    record_id   bigint      NOT NULL,
    version     bigint      NOT NULL,
    kind        text        NOT NULL CONSTRAINT event_kind CHECK (kind IN ('created', 'updated', 'deleted')),
    origin      text        NOT NULL,
    bank        bigint,
    actor       bigint      NOT NULL,
    traceparent text,
    payload     jsonb       NOT NULL
) PARTITION BY RANGE (at);
-- A day whose partition could not be made still has a place
CREATE TABLE event_default PARTITION OF event DEFAULT;
CREATE INDEX event_unstamped ON event (seq) WHERE pos IS NULL;
CREATE INDEX event_pos ON event (pos) WHERE pos IS NOT NULL;

-- How far the stamper has come, and in which cluster: a restore elsewhere must not give a position twice.
CREATE TABLE feed (
    one      boolean PRIMARY KEY DEFAULT true CONSTRAINT feed_one CHECK (one),
    last_pos bigint  NOT NULL DEFAULT 0,
    cluster  text    NOT NULL DEFAULT ''
);
INSERT INTO feed DEFAULT VALUES;

CREATE TABLE feed_reader (
    name text        PRIMARY KEY,
    pos  bigint      NOT NULL,
    at   timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION feed_cluster() RETURNS text LANGUAGE sql STABLE AS $$
    -- A restore over the same database makes the table anew
    SELECT format('%s/%s/%s/%s', s.system_identifier, c.timeline_id, d.oid, 'feed'::regclass::oid)
    FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d WHERE d.datname = current_database()
$$;

-- Gives the visible events without a position the next ones, in seq order. One at a time an owner: the lock is taken in
-- a statement of its own, so that the following snapshots are younger than the last stamper's commit.
CREATE FUNCTION event_stamp(batch bigint, restore_gap bigint, OUT before bigint, OUT after bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('feed ' || current_schema()));
    UPDATE feed SET last_pos = last_pos + CASE cluster WHEN '' THEN 0 ELSE restore_gap END, cluster = feed_cluster()
        WHERE cluster <> feed_cluster();
    SELECT last_pos INTO before FROM feed;
    WITH unstamped AS (SELECT seq, at FROM event WHERE pos IS NULL ORDER BY seq LIMIT batch),
         numbered AS (SELECT seq, at, row_number() OVER (ORDER BY seq) AS n FROM unstamped)
    UPDATE event e SET pos = before + n FROM numbered WHERE e.seq = numbered.seq AND e.at = numbered.at;
    GET DIAGNOSTICS after = ROW_COUNT;
    after := before + after;
    IF after > before THEN
        UPDATE feed SET last_pos = after;
        PERFORM pg_notify('feed_' || current_schema(), after::text);
    END IF;
END
$$;

-- Makes the partitions of the coming days; drops those older than keep_days that are stamped and that every reader has read.
CREATE FUNCTION event_keep_partitions(keep_days int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    day   date;
    old   record;
    unread boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('partitions ' || current_schema()));
    FOR day IN SELECT today + n FROM generate_series(0, 3) n LOOP
        IF to_regclass(format('event_%s', to_char(day, 'YYYYMMDD'))) IS NULL
            AND NOT EXISTS (SELECT FROM event_default WHERE at >= day::timestamp AT TIME ZONE 'UTC'
                            AND at < (day + 1)::timestamp AT TIME ZONE 'UTC') THEN
            EXECUTE format('CREATE TABLE event_%s PARTITION OF event FOR VALUES FROM (%L) TO (%L)',
                to_char(day, 'YYYYMMDD'), day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
        END IF;
    END LOOP;
    FOR old IN SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE i.inhparent = 'event'::regclass AND c.relname ~ '^event_\d{8}$'
               AND to_date(right(c.relname, 8), 'YYYYMMDD') < today - keep_days LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE pos IS NULL OR pos > (SELECT min(pos) FROM feed_reader))', old.name)
            INTO unread;
        IF NOT unread THEN
            EXECUTE format('DROP TABLE %I', old.name);
        END IF;
    END LOOP;
END
$$;
SELECT event_keep_partitions(7);

-- Who changed what. A creation and a removal are one row without a field; a personal field stands by its name only.
CREATE TABLE audit (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    actor     bigint      NOT NULL,
    origin    text        NOT NULL,
    bank      bigint,
    model     text        NOT NULL,
    record_id bigint      NOT NULL,
    field     text,
    before    jsonb,
    after     jsonb
);
CREATE INDEX audit_record ON audit (model, record_id, id);
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit is append-only';
END
$$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();

-- Answers to requests that carried an Idempotency-Key, kept for a day.
CREATE TABLE idempotency (
    key     bytea       PRIMARY KEY,
    payload text        NOT NULL,
    answer  text        NOT NULL,
    matched bigint,
    at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idempotency_at ON idempotency (at);
