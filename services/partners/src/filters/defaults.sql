-- The default filters that stand for the same people and models as these ($1), and are none of them, locked.
SELECT f.id FROM ir_filters f
WHERE f.is_default AND f.deleted_at IS NULL AND f.id <> ALL ($1) AND EXISTS (
    SELECT FROM ir_filters g WHERE g.id = ANY ($1) AND g.model_id = f.model_id
        AND g.user_id IS NOT DISTINCT FROM f.user_id AND g.bank_id IS NOT DISTINCT FROM f.bank_id)
ORDER BY f.id
FOR UPDATE OF f
