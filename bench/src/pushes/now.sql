-- What time the database has, in seconds.
SELECT extract(epoch FROM clock_timestamp())::float8
