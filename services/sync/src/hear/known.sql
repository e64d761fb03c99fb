-- What is remembered of records.
SELECT model, record_id, active, content
FROM ek_known
WHERE model = ANY($1) AND record_id = ANY($2)
