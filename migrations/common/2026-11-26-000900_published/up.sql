-- An event says what its service's contract publishes, and by which shape; what was written before is the whole row, shape 0.
ALTER TABLE event
    ADD COLUMN schema smallint NOT NULL DEFAULT 0,
    ADD COLUMN cause  text     NOT NULL DEFAULT 'change' CONSTRAINT event_cause CHECK (cause IN ('change', 'import'));

CREATE OR REPLACE FUNCTION event_read(after bigint, most bigint) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(json_agg(row_to_json(e) ORDER BY e.pos), '[]') FROM
        (SELECT pos, at, model, record_id, version, kind, origin, bank, traceparent, cause, schema, payload
         FROM event WHERE pos > after ORDER BY pos LIMIT most) e);
END
$$;
