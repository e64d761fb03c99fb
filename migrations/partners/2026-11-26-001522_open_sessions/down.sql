DROP VIEW res_users_session;
