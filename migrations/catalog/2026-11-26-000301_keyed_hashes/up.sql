-- Bare hashes of what was sent can be guessed at: they go, and what is kept from now on is keyed (`key.hash`). A new column in
-- place of the old one touches no row. The release before goes on writing here while it runs.
ALTER TABLE product_master DROP COLUMN post_hash;
ALTER TABLE product_master ADD COLUMN post_hash text;
