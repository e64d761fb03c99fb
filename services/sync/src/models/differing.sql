-- The records of a kind ($2) that a platform has taken otherwise than it says: by record its own digest and, for bare ones of before,
-- what they are under its secrets ($4). Digests that are kept by the secret begin with the name of that way ($3).
SELECT coalesce(s.record_id, t.id::bigint)
FROM (SELECT * FROM ek_sent WHERE taken AND platform_id = $1 AND kind = $2) s
FULL JOIN jsonb_each($4::jsonb) AS t(id, digests) ON t.id = s.record_id::text
WHERE (
    t.digests ->> 0 = CASE WHEN s.digest LIKE $3 || ':%' THEN split_part(s.digest, ':', 2) ELSE s.digest END
    OR s.digest LIKE $3 || ':%' AND t.digests - 0 ? split_part(s.digest, ':', 3)
) IS NOT TRUE
ORDER BY 1
LIMIT 10000
