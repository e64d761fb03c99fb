DROP VIEW res_users_apikeys;
ALTER TABLE api_key DROP COLUMN create_uid;
ALTER TABLE res_users
    DROP CONSTRAINT res_users_an_integration_user_is_of_the_platform_and_no_bank,
    DROP COLUMN integration,
    DROP COLUMN integration_confirmed;
