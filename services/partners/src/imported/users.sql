-- Who has the logins of these users ($1) already: here, and the first of them.
WITH r AS (
    SELECT n, login
    FROM jsonb_to_recordset($1::jsonb) AS r(n bigint, login text)
)
SELECT
    r.n,
    (SELECT u.id FROM res_users u WHERE u.login = r.login AND u.deleted_at IS NULL) AS record_id,
    min(r.n) OVER (PARTITION BY r.login) AS first
FROM r
