-- The syncs that were put aside, and the reason of the oldest of them.
SELECT count(*) AS many, (array_agg(s.error ORDER BY s.id))[1] AS why
FROM ek_sync s
WHERE s.state = 'parked'
