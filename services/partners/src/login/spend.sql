-- Counts a try as failed in the budgets $1, of which each has so many ($2) in a window of $3 seconds; in none where one of them is spent.
-- Answers whether it was in time for all: tries at once wait for one another's row, and each finds what the others have counted.
WITH budget AS (
    SELECT * FROM unnest($1::text[], $2::bigint[]) AS b (scope, most)
),
spent AS (
    SELECT FROM login_failure f
    JOIN budget b USING (scope)
    WHERE f.failures >= b.most AND f.since > now() - make_interval(secs => $3)
),
counted AS (
    INSERT INTO login_failure AS f (scope, failures, since)
    SELECT scope, 1, now() FROM budget WHERE NOT EXISTS (SELECT FROM spent)
    ORDER BY scope
    ON CONFLICT (scope) DO UPDATE SET
        failures = CASE WHEN f.since > now() - make_interval(secs => $3) THEN f.failures + 1 ELSE 1 END,
        since = CASE WHEN f.since > now() - make_interval(secs => $3) THEN f.since ELSE now() END
    RETURNING f.scope, f.failures
),
-- Failures that count no more go with others' tries, so that strangers fill no table
swept AS (
    DELETE FROM login_failure WHERE scope IN (
        SELECT scope FROM login_failure
        WHERE since < now() - interval '1 hour' AND scope NOT IN (SELECT scope FROM budget)
        LIMIT 10 FOR UPDATE SKIP LOCKED
    )
)
SELECT count(*) = cardinality($1) FROM counted JOIN budget USING (scope) WHERE failures <= most
