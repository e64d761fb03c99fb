-- Who looks at sealed fields ($5) of which records ($6) of a model ($4).
INSERT INTO audit (actor, origin, bank, model, record_id, field)
SELECT $1, $2, $3, $4, id, $5 FROM unnest($6::bigint[]) AS id
