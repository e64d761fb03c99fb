-- For how many seconds the oldest event has had no position.
SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::float8 AS lag
FROM event
WHERE pos IS NULL
