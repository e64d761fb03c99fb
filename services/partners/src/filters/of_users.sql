-- The filters of users, locked.
SELECT id FROM ir_filters WHERE user_id = ANY ($1) AND deleted_at IS NULL ORDER BY id FOR UPDATE
