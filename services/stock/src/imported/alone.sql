-- Records of a model ($1) are taken by one transaction at a time.
SELECT pg_advisory_xact_lock(hashtext('importing ' || current_schema() || ' ' || $1))
