-- Empties what platforms were sent so many days ago ($1), from the oldest on: ids rise with time.
UPDATE ek_attempt
SET sealed_body = NULL
WHERE id = ANY(ARRAY(
    SELECT a.id
    FROM (SELECT id, at FROM ek_attempt WHERE sealed_body IS NOT NULL ORDER BY id LIMIT 5000) a
    WHERE a.at < now() - make_interval(days => $1::int)
))
