-- The migrations that have run.
SELECT version
FROM __diesel_schema_migrations
LIMIT 10000
