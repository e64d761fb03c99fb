-- A platform ($1) as one that has the catalogue up to a record ($2): what a change costs is measured, not what comes first.
INSERT INTO ek_sent (platform_id, kind, record_id, digest)
SELECT $1, k, n, ''
FROM unnest(ARRAY['product', 'configuration']) AS k, generate_series(1, $2) AS n
