DROP INDEX ek_request_login_at;
