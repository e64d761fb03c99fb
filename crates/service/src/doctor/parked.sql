-- The events that were put aside, by feed.
SELECT feed, count(*) AS many, min(error) AS why
FROM feed_parked
GROUP BY feed
LIMIT 10
