-- Who a session is of. Used at least once an hour, it goes on for $2 seconds.
WITH used AS (
    UPDATE session SET expires_at = now() + make_interval(secs => $2)
    WHERE token_sha256 = sha256(convert_to($1, 'UTF8')) AND expires_at > now()
        AND expires_at < now() + make_interval(secs => $2) - interval '1 hour'
)
SELECT u.id, u.login, u.create_by, u.role, u.bank_id, u.hub_admin, u.code_pos, u.integration, u.name, u.lang, u.tz, u.company_id,
    c.name AS company, u.password
FROM res_users u
JOIN res_company c ON c.id = u.company_id
JOIN session s ON s.user_id = u.id
WHERE s.expires_at > now() AND u.active AND u.deleted_at IS NULL AND s.token_sha256 = sha256(convert_to($1, 'UTF8'))
