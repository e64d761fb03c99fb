-- Notes in the audit that somebody ($1 by $2 of $3) looked at fields ($6) of records ($5) of a model ($4) that are kept encrypted.
INSERT INTO audit (actor, origin, bank, model, record_id, field, after)
SELECT $1, $2, $3, $4, l.id, l.field, '"read"'
FROM unnest($5::bigint[], $6::text[]) AS l(id, field)
