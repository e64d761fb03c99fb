ALTER TABLE res_partner ADD CONSTRAINT res_partner_a_client_has_an_email
    CHECK (is_pos OR parent_id IS NOT NULL OR (email IS NOT NULL AND email <> '')) NOT VALID;
-- Clients who were made without an e-mail meanwhile stay; the check is then of what is written from now on
DO $$
BEGIN
    ALTER TABLE res_partner VALIDATE CONSTRAINT res_partner_a_client_has_an_email;
EXCEPTION WHEN check_violation THEN
    RAISE NOTICE 'clients without an e-mail stay as they are';
END
$$;
ALTER TABLE res_users DROP COLUMN post_hash;
ALTER TABLE res_users ADD COLUMN post_hash text;
ALTER TABLE res_partner DROP COLUMN post_hash;
ALTER TABLE res_partner ADD COLUMN post_hash text;
CREATE UNIQUE INDEX res_partner_content_key ON res_partner (parent_id, post_hash) WHERE parent_id IS NOT NULL AND NOT is_pos AND deleted_at IS NULL;
