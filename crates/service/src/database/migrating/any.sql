-- Whether any migration has run in this schema.
SELECT count(*)
FROM pg_tables
WHERE schemaname = current_schema() AND tablename = '__diesel_schema_migrations'
