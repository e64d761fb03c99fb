DROP FUNCTION event_stamp_own;
CREATE OR REPLACE FUNCTION event_stamp(batch bigint, restore_gap bigint, OUT before bigint, OUT after bigint) LANGUAGE plpgsql AS $$
DECLARE
    unstamped record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('feed ' || current_schema()));
    UPDATE feed SET last_pos = last_pos + CASE cluster WHEN '' THEN 0 ELSE restore_gap END, cluster = feed_cluster()
        WHERE cluster <> feed_cluster();
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
