-- Ends the sessions of users.
DELETE FROM session WHERE user_id = ANY ($1)
