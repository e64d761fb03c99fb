-- How many records of a kind ($2) a platform has taken, and their checksum: of their digests, of which those that are kept by the
-- platform's secret begin with the name of that way ($3).
SELECT
    count(*) AS many,
    encode(sha256(coalesce(string_agg(record_id || ' ' || digest || E'\n', '' ORDER BY record_id), '')::bytea), 'hex') AS checksum
FROM (
    SELECT record_id, CASE WHEN digest LIKE $3 || ':%' THEN split_part(digest, ':', 2) ELSE digest END AS digest
    FROM ek_sent
    WHERE taken AND platform_id = $1 AND kind = $2
) s
