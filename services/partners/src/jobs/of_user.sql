-- How many jobs a user has.
SELECT count(*) FROM ek_job WHERE user_id = $1
