-- How many events of a feed were put aside.
SELECT count(*)
FROM feed_parked
WHERE feed = $1
