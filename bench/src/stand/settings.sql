-- What a connection began with, as libpq's `options`.
SELECT string_agg(format('-c %s=%s', name, replace(setting, ' ', '\ ')), ' ')
FROM pg_settings
WHERE source = 'client' AND name NOT IN ('application_name', 'client_encoding')
