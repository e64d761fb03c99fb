-- A session as it is listed, while it is open: without its hash.
CREATE VIEW res_users_session AS
    SELECT s.id, CASE WHEN s.idle_seconds IS NULL THEN 'API' ELSE 'Console' END AS name, s.user_id, s.idle_seconds IS NOT NULL AS console,
        s.address, s.used_at AS last_use, least(s.expires_at, s.latest_end) AS expires_at,
        (SELECT u.create_by FROM res_users u WHERE u.id = s.user_id) AS create_by,
        s.user_id AS create_uid, s.created_at AS create_date, s.user_id AS write_uid, s.used_at AS write_date,
        1::bigint AS version, NULL::timestamptz AS deleted_at
    FROM session s WHERE least(s.expires_at, s.latest_end) > now();
