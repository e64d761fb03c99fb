-- Removes the oldest jobs of user $1 that have come to their end, so that there is room for one more among so many ($2).
DELETE FROM ek_job WHERE id IN (
    SELECT id FROM ek_job WHERE user_id = $1 AND state IN ('done', 'failed') ORDER BY id
    LIMIT greatest((SELECT count(*) FROM ek_job WHERE user_id = $1) - $2 + 1, 0)
)
