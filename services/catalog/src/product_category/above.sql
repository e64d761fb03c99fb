-- A category and those above it.
WITH RECURSIVE up AS (
    SELECT id, parent_id FROM product_category WHERE id = $1
    UNION
    SELECT c.id, c.parent_id FROM product_category c JOIN up ON c.id = up.parent_id
)
SELECT id FROM up
