DROP TABLE feed_parked, feed_cursor;
