-- Removes these jobs, and all jobs of these users, with their files.
DELETE FROM ek_job WHERE id = ANY ($1) OR user_id = ANY ($2)
