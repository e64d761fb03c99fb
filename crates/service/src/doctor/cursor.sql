-- How far a feed is followed.
SELECT pos
FROM feed_cursor
WHERE feed = $1
