-- Empties what was refused so many days ago ($1), from the oldest on: ids rise with time.
UPDATE ek_request
SET sealed_body = NULL
WHERE id = ANY(ARRAY(
    SELECT r.id
    FROM (SELECT id, at FROM ek_request WHERE sealed_body IS NOT NULL ORDER BY id LIMIT 5000) r
    WHERE r.at < now() - make_interval(days => $1::int)
))
