-- Whose feed it is was looked up at each stamping, which was half of its cost. A session outlives neither its cluster nor its timeline,
-- so it looks once; it may outlive the table, which a restore over the same database makes anew.
CREATE OR REPLACE FUNCTION event_stamp(batch bigint, restore_gap bigint, OUT before bigint, OUT after bigint) LANGUAGE plpgsql AS $$
DECLARE
    unstamped record;
    table_now text := 'feed'::regclass::oid::text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('feed ' || current_schema()));
    IF current_setting('hub.feed', true) IS DISTINCT FROM table_now THEN
        UPDATE feed SET last_pos = last_pos + CASE cluster WHEN '' THEN 0 ELSE restore_gap END, cluster = feed_cluster()
            WHERE cluster <> feed_cluster();
        PERFORM set_config('hub.feed', table_now, false);
    END IF;
    SELECT last_pos INTO before FROM feed;
    after := before;
    FOR unstamped IN SELECT seq, at FROM event WHERE pos IS NULL ORDER BY seq LIMIT batch LOOP
        after := after + 1;
        UPDATE event e SET pos = after WHERE e.seq = unstamped.seq AND e.at = unstamped.at AND e.pos IS NULL;
    END LOOP;
    IF after > before THEN
        UPDATE feed SET last_pos = after;
        PERFORM pg_notify('feed_' || current_schema(), after::text);
    END IF;
END
$$;

-- The same in the transaction that made the events. NULL where another session is stamping, or more is left than a batch: a stamper
-- has to come after it.
CREATE FUNCTION event_stamp_own(batch bigint, restore_gap bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    stamped record;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('feed ' || current_schema())) THEN
        RETURN NULL;
    END IF;
    SELECT s.before, s.after INTO stamped FROM event_stamp(batch, restore_gap) s;
    RETURN CASE WHEN stamped.after - stamped.before < batch THEN stamped.after END;
END
$$;
