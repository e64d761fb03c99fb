-- The schemas that migrations have run in.
SELECT schemaname::text AS name
FROM pg_tables
WHERE tablename = '__diesel_schema_migrations'
