-- Takes an event away from those that were put aside.
DELETE FROM feed_parked
WHERE feed = $1 AND pos = $2
