-- The platforms of which it was not begun to note what they have ($2) since a moment ($1).
SELECT p.id
FROM ek_platform p
WHERE p.deleted_at IS NULL
    AND NOT EXISTS (SELECT FROM ek_sync s WHERE s.platform_id = p.id AND s.verb = $2 AND s.create_date >= $1::timestamptz)
ORDER BY p.id
FOR UPDATE
