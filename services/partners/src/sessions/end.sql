-- Ends these sessions.
DELETE FROM session WHERE id = ANY ($1)
RETURNING id, CASE WHEN idle_seconds IS NULL THEN 'API' ELSE 'Console' END AS name, user_id, idle_seconds IS NOT NULL AS console,
    NULL::text AS address, used_at AS last_use, least(expires_at, latest_end) AS expires_at, 1::bigint AS version
