-- Bare hashes of what was sent can be guessed at: they go, and what is kept from now on is keyed (`key.hash`). A new column in
-- place of the old one touches no row. The release before goes on writing here while it runs.
ALTER TABLE res_partner DROP COLUMN post_hash;
ALTER TABLE res_partner ADD COLUMN post_hash text;
CREATE UNIQUE INDEX res_partner_content_key ON res_partner (parent_id, post_hash, bank_ids)
    WHERE parent_id IS NOT NULL AND post_hash IS NOT NULL AND NOT is_pos AND deleted_at IS NULL;
ALTER TABLE res_users DROP COLUMN post_hash;
ALTER TABLE res_users ADD COLUMN post_hash text;

-- Programs make partners by name alone
ALTER TABLE res_partner DROP CONSTRAINT res_partner_a_client_has_an_email;
