-- How many requests of one user were kept within the hour. The table's one writer waits meanwhile, and nobody waits for it.

CREATE INDEX ek_request_login_at ON ek_request (login, at);
