-- Those of these orders that are drafts.
SELECT id FROM sale_order WHERE state = 'draft' AND id = ANY ($1)
