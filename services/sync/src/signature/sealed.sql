-- Every platform's secrets as they are kept: what they are bound to, and their texts. An operator runs it, who looks into all schemas.
SELECT 'ek.platform' AS bound_to, s.text
FROM sync.ek_platform p, unnest(ARRAY[p.secret, p.secret_before]) AS s(text)
WHERE s.text IS NOT NULL AND p.deleted_at IS NULL
