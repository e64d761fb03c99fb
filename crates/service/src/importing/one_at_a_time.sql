-- Records of a model ($1) are taken by one transaction at a time, in which history may be stored that nobody may change else.
SELECT pg_advisory_xact_lock(hashtext('importing ' || current_schema() || ' ' || $1)), set_config('hub.importing', 'on', true)
