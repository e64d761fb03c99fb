-- How far a feed is followed; the first time that is kept.
WITH known AS (
    SELECT pos FROM feed_cursor WHERE feed = $1
),
new AS (
    INSERT INTO feed_cursor (feed)
    SELECT $1 WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT DO NOTHING
)
SELECT coalesce((SELECT pos FROM known), 0)
