-- PostgreSQL's version, the language of its messages, and what time it has, in seconds.
SELECT
    current_setting('server_version') AS version,
    current_setting('lc_messages') AS messages,
    extract(epoch FROM clock_timestamp())::float8 AS clock
