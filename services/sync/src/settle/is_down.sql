-- A platform ($1) does not answer: after some failures in a row ($2) nothing but a probe every 5 to 30 s.
UPDATE ek_platform
SET failures = failures + 1,
    open_until = CASE
        WHEN failures + 1 >= $2 THEN now() + make_interval(secs => least(30, 5 * (failures + 2 - $2)))
    END
WHERE id = $1
RETURNING open_until IS NOT NULL AS is_open
