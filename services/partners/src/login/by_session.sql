-- Who a session is of. Used at least once an hour, it goes on for $2 seconds; one of the console, used at least once a minute, for its
-- own, and never past its latest end. What is asked without its user ($3 is 1) is no use of it.
WITH used AS (
    UPDATE session SET used_at = now(), expires_at = least(now() + make_interval(secs => coalesce(idle_seconds, $2)), latest_end)
    WHERE token_sha256 = sha256(convert_to($1, 'UTF8')) AND least(expires_at, latest_end) > now() AND $3 = 0
        AND CASE WHEN idle_seconds IS NULL THEN expires_at < now() + make_interval(secs => $2) - interval '1 hour'
            ELSE used_at < now() - interval '1 minute' END
)
SELECT u.id, u.login, u.create_by, u.role, u.bank_id, u.hub_admin, u.code_pos, u.integration, u.name, u.lang, u.tz, u.company_id,
    c.name AS company, u.password, s.id AS session_number
FROM res_users u
JOIN res_company c ON c.id = u.company_id
JOIN session s ON s.user_id = u.id
WHERE least(s.expires_at, s.latest_end) > now() AND u.active AND u.deleted_at IS NULL AND s.token_sha256 = sha256(convert_to($1, 'UTF8'))
