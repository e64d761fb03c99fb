-- As before, but with the timeline of now: the one in the control file is that of the last checkpoint, which after a promotion
-- is still the old primary's.
CREATE OR REPLACE FUNCTION feed_cluster() RETURNS text LANGUAGE sql STABLE AS $$
    -- A restore over the same database makes the table anew
    SELECT format('%s/%s/%s/%s', s.system_identifier, ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int,
                  d.oid, 'feed'::regclass::oid)
    FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()
$$;
