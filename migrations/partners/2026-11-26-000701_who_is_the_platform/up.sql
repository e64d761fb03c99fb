-- The platform's integration user is one that an administrator marks; a platform's user without a bank is no longer one by that
-- alone. Those that an administrator made are taken for integration users until somebody has looked.
ALTER TABLE res_users
    ADD COLUMN integration boolean NOT NULL DEFAULT false,
    ADD COLUMN integration_confirmed boolean NOT NULL DEFAULT true;
WITH asked AS (
    UPDATE res_users u SET integration_confirmed = false,
        integration = EXISTS (SELECT FROM res_users a WHERE a.id = u.create_uid AND a.hub_admin)
    WHERE u.create_by = 'ekiclik' AND u.bank_id IS NULL AND u.deleted_at IS NULL RETURNING u.id, u.integration
)
INSERT INTO audit (actor, origin, model, record_id, field, before, after)
    SELECT 1, 'odoo', 'res.users', id, 'integration', 'false', 'true' FROM asked WHERE integration;
ALTER TABLE res_users ADD CONSTRAINT res_users_an_integration_user_is_of_the_platform_and_no_bank
    CHECK (NOT integration OR (create_by = 'ekiclik' AND bank_id IS NULL));

-- Keys end with what their user was, and after a year at most. Who made one is known from now on.
ALTER TABLE api_key ADD COLUMN create_uid bigint;
DELETE FROM api_key k USING res_users u WHERE u.id = k.user_id AND (NOT u.active OR u.deleted_at IS NOT NULL);
UPDATE api_key SET expires_at = now() + interval '365 days' WHERE expires_at > now() + interval '365 days';

-- A key as it is listed: without its hash.
CREATE VIEW res_users_apikeys AS
    SELECT k.id, k.name, k.user_id, k.expires_at AS expiration_date,
        (SELECT u.create_by FROM res_users u WHERE u.id = k.user_id) AS create_by,
        coalesce(k.create_uid, k.user_id) AS create_uid, k.created_at AS create_date,
        coalesce(k.create_uid, k.user_id) AS write_uid, k.created_at AS write_date,
        1::bigint AS version, NULL::timestamptz AS deleted_at
    FROM api_key k;
