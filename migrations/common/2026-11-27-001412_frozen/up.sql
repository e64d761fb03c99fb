-- Why nobody but the bridge may change records for now: while those of another Odoo come over. A row for each such Odoo.
CREATE TABLE frozen (
    source text PRIMARY KEY CONSTRAINT frozen_source_is_not_empty CHECK (source <> ''),
    why    text NOT NULL CONSTRAINT frozen_why_is_not_empty CHECK (why <> ''),
    since  timestamptz NOT NULL DEFAULT now()
);
-- Who changes records holds the lock to the end, and a freeze waits for all of them. The row is looked for after the lock is there, by a
-- snapshot of its own.
CREATE FUNCTION frozen_because() RETURNS text LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('frozen ' || current_schema()));
    RETURN (SELECT why FROM frozen ORDER BY since LIMIT 1);
END
$$;
-- Says why, or, with none, that it is over.
CREATE FUNCTION freeze(the_source text, because text) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('frozen ' || current_schema()));
    IF because IS NULL THEN
        DELETE FROM frozen WHERE source = the_source;
    ELSE
        INSERT INTO frozen (source, why) VALUES (the_source, because) ON CONFLICT (source) DO UPDATE SET why = excluded.why;
    END IF;
END
$$;
