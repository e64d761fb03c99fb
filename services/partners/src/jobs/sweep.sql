-- Removes jobs whose time is over, so many ($1) at a time, with their files.
DELETE FROM ek_job WHERE id IN (SELECT id FROM ek_job WHERE expires_at < now() ORDER BY expires_at LIMIT $1)
