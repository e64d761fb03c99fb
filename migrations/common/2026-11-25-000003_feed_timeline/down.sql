CREATE OR REPLACE FUNCTION feed_cluster() RETURNS text LANGUAGE sql STABLE AS $$
    -- A restore over the same database makes the table anew
    SELECT format('%s/%s/%s/%s', s.system_identifier, c.timeline_id, d.oid, 'feed'::regclass::oid)
    FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d WHERE d.datname = current_database()
$$;
