-- What stands on paper stays as it was when the paper was made for good. Of rows whose columns are printed this keeps what they
-- were before each change, whoever makes it; a paper asks for them as they were at its own moment.
CREATE TABLE formerly (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation  text        NOT NULL,
    record_id bigint      NOT NULL,
    -- Not the transaction's start: a paper that was made meanwhile would change
    until     timestamptz NOT NULL DEFAULT clock_timestamp(),
    was       jsonb       NOT NULL
);
CREATE INDEX formerly_record ON formerly (relation, record_id, until, id);

-- For a trigger AFTER UPDATE; its arguments are the columns that are printed.
CREATE FUNCTION keep_as_it_was() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(OLD)) WHERE key = ANY (TG_ARGV));
BEGIN
    IF NOT to_jsonb(NEW) @> was THEN
        EXECUTE format('INSERT INTO %I.formerly (relation, record_id, was) VALUES ($1, $2, $3)', TG_TABLE_SCHEMA)
            USING TG_TABLE_NAME::text, OLD.id, was;
    END IF;
    RETURN NULL;
END
$$;

-- What of a record's printed columns has changed since a moment, as it was then; for jsonb_populate_record over what it is now.
CREATE FUNCTION as_it_was(relation text, record_id bigint, at timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce((SELECT f.was FROM formerly f WHERE f.relation = as_it_was.relation AND f.record_id = as_it_was.record_id
                     AND f.until > as_it_was.at ORDER BY f.until, f.id LIMIT 1), '{}'::jsonb);
