-- The platforms that are paused.
SELECT id FROM ek_platform WHERE paused AND deleted_at IS NULL ORDER BY id
