-- The statements that enable the net under the tables where it is disabled.
SELECT format('ALTER TABLE %s %s', c.oid::regclass, string_agg(format('ENABLE TRIGGER %I', g.tgname), ', ')) AS statement
FROM pg_trigger g
JOIN pg_class c ON c.oid = g.tgrelid
WHERE c.relnamespace = current_schema()::regnamespace AND g.tgname LIKE '\_net\_%' AND g.tgenabled = 'D'
GROUP BY c.oid
ORDER BY c.relname
