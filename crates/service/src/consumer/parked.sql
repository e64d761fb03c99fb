-- Where the events of a feed stand that were put aside.
SELECT pos
FROM feed_parked
WHERE feed = $1
ORDER BY pos
LIMIT $2
