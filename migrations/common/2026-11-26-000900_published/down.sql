CREATE OR REPLACE FUNCTION event_read(after bigint, most bigint) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(json_agg(row_to_json(e) ORDER BY e.pos), '[]') FROM
        (SELECT pos, at, model, record_id, version, kind, origin, bank, traceparent, payload
         FROM event WHERE pos > after ORDER BY pos LIMIT most) e);
END
$$;
ALTER TABLE event DROP COLUMN cause, DROP COLUMN schema;
