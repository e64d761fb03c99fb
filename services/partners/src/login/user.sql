-- Who has a login, may use it, and how they prove it.
SELECT u.id, u.login, u.create_by, u.role, u.bank_id, u.hub_admin, u.code_pos, u.integration, u.name, u.lang, u.tz, u.company_id,
    c.name AS company, u.password, NULL::bigint AS session_number
FROM res_users u
JOIN res_company c ON c.id = u.company_id
WHERE u.deleted_at IS NULL AND u.active AND u.login = $1
