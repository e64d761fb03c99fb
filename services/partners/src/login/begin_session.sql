-- Begins a session of user $4 with token $3, for $5 seconds, from the address $6, and remembers for $2 days from where ($1) it was. One of
-- the console ends after $7 seconds without use, and after $8 at most. What is out of date goes with others' log-ins.
WITH known AS (
    INSERT INTO login_known AS k (scope, at) VALUES ($1, now())
    ON CONFLICT (scope) DO UPDATE SET at = now() WHERE k.at < now() - interval '1 day'
),
swept AS (
    DELETE FROM session WHERE token_sha256 IN (SELECT token_sha256 FROM session WHERE expires_at < now() LIMIT 10)
),
strange AS (
    DELETE FROM login_known
    WHERE scope IN (SELECT scope FROM login_known WHERE at < now() - make_interval(days => $2::int) LIMIT 10)
)
INSERT INTO session (token_sha256, user_id, address, idle_seconds, expires_at, latest_end)
VALUES (
    sha256(convert_to($3, 'UTF8')), $4, left($6, 64), $7,
    now() + make_interval(secs => coalesce($7::bigint, $5)), now() + make_interval(secs => $8)
)
