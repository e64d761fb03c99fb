-- Moves the cursor of a feed from one position ($2) to another ($3); moved already, it stays.
UPDATE feed_cursor
SET at = now(), pos = $3
WHERE feed = $1 AND pos = $2
