-- One change of the tree at a time: two moves, each right alone, could close a circle together.
SELECT pg_advisory_xact_lock(hashtext('product_category tree'))
