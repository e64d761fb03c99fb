-- Moves a cursor past events that have no effect, unless another replica has moved it.
UPDATE feed_cursor SET at = now(), pos = $3 WHERE feed = $1 AND pos = $2 RETURNING pos
