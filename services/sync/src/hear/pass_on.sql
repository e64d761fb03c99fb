-- Others' events in sync's own feed: which record, not what it says.
INSERT INTO event (model, record_id, version, kind, origin, bank, actor, traceparent, cause, payload)
SELECT model, record_id, version, kind, origin, bank, 1, traceparent, cause, '{}'
FROM jsonb_to_recordset($1::jsonb)
    AS e(model text, record_id bigint, version bigint, kind text, origin text, bank bigint, traceparent text, cause text)
