-- Gives a try back in the budgets $1, locked in one order; a log-in forgives all that failed before it in the budget $2.
UPDATE login_failure f
SET failures = CASE WHEN f.scope = $2 THEN 0 ELSE greatest(f.failures - 1, 0) END
FROM (SELECT scope FROM login_failure WHERE scope = ANY ($1) ORDER BY scope FOR UPDATE) l
WHERE f.scope = l.scope
