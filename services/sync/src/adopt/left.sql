-- What is not noted yet ($2) of what was begun since a moment ($1).
SELECT s.id
FROM ek_sync s
WHERE s.verb = $2 AND s.create_date >= $1::timestamptz AND s.state <> 'done'
