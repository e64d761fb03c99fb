-- Moves the cursor of a feed from one position ($2) past an event ($3), and puts that one aside.
WITH moved AS (
    UPDATE feed_cursor
    SET pos = $3
    WHERE feed = $1 AND pos = $2
    RETURNING feed
)
INSERT INTO feed_parked (feed, pos, model, record_id, error)
SELECT feed, $3, $4, $5, $6
FROM moved
ON CONFLICT DO NOTHING
