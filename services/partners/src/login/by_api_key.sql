-- Who an API key is of.
SELECT u.id, u.login, u.create_by, u.role, u.bank_id, u.hub_admin, u.code_pos, u.integration, u.name, u.lang, u.tz, u.company_id,
    c.name AS company, u.password, NULL::bigint AS session_number
FROM res_users u
JOIN res_company c ON c.id = u.company_id
JOIN api_key k ON k.user_id = u.id
WHERE k.expires_at > now() AND u.active AND u.deleted_at IS NULL AND k.key_sha256 = sha256(convert_to($1, 'UTF8'))
