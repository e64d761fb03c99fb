-- Whoever begins jobs at once does it one after the other.
SELECT id FROM res_users WHERE id = $1 FOR NO KEY UPDATE
