-- Of who begins a module at the same time one is first.
SELECT pg_advisory_xact_lock(hashtextextended('module ' || $1, 0))
