-- Bare hashes of what was sent can be guessed at: they go, and what is kept from now on is keyed (`key.hash`). A new column in
-- place of the old one touches no row. The release before goes on writing here while it runs.
ALTER TABLE crm_lead DROP COLUMN post_hash;
ALTER TABLE crm_lead ADD COLUMN post_hash text;
-- Nobody reads it; the next release drops it
ALTER TABLE sale_order DROP COLUMN post_hash;
ALTER TABLE sale_order ADD COLUMN post_hash text;
