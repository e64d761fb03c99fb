-- Users of whom something is to be told: what, how many they are, and the first $1 of their logins.
WITH told AS (
    SELECT login, CASE
        WHEN create_by = 'ekiclik' AND bank_id IS NULL AND NOT integration_confirmed
            THEN CASE WHEN integration THEN 'taken for integration' ELSE 'not integration' END
        WHEN active AND bank_id IS NOT NULL AND coalesce(role, 'ROLE_USER') IN ('ROLE_USER', 'ROLE_POS_EK')
            THEN CASE WHEN coalesce(code_pos, '') <> '' THEN 'clerk' ELSE 'clerk of nowhere' END
    END AS what
    FROM res_users
    WHERE deleted_at IS NULL
)
SELECT what, count(*) AS users, (array_agg(login ORDER BY login))[1:$1::int] AS logins FROM told WHERE what IS NOT NULL GROUP BY what
