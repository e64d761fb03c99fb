-- A step for the reason ($4) of the one before is noted with its reason too: a change of a column notes only what differs.
INSERT INTO audit (actor, origin, bank, model, record_id, field, before, after)
SELECT $1, $2, $3, 'crm.lead', id, 'file_state_reason', to_jsonb($4::text), to_jsonb($4::text)
FROM unnest($5::bigint[]) AS id
