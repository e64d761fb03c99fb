-- A platform ($1) has these records. What it has taken already it took later.
INSERT INTO ek_sent (platform_id, kind, record_id, digest, version)
SELECT $1, t.kind, t.record_id, t.digest, t.version
FROM jsonb_to_recordset($2::jsonb) AS t(kind text, record_id bigint, digest text, version bigint)
ON CONFLICT (platform_id, kind, record_id) DO UPDATE SET
    digest = excluded.digest,
    version = excluded.version,
    taken = true,
    sent_at = now()
WHERE NOT ek_sent.taken
