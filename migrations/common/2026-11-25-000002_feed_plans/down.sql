DROP FUNCTION event_read(bigint, bigint);
CREATE OR REPLACE FUNCTION event_stamp(batch bigint, restore_gap bigint, OUT before bigint, OUT after bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('feed ' || current_schema()));
    UPDATE feed SET last_pos = last_pos + CASE cluster WHEN '' THEN 0 ELSE restore_gap END, cluster = feed_cluster()
        WHERE cluster <> feed_cluster();
    SELECT last_pos INTO before FROM feed;
    WITH unstamped AS (SELECT seq, at FROM event WHERE pos IS NULL ORDER BY seq LIMIT batch),
         numbered AS (SELECT seq, at, row_number() OVER (ORDER BY seq) AS n FROM unstamped)
    UPDATE event e SET pos = before + n FROM numbered WHERE e.seq = numbered.seq AND e.at = numbered.at;
    GET DIAGNOSTICS after = ROW_COUNT;
    after := before + after;
    IF after > before THEN
        UPDATE feed SET last_pos = after;
        PERFORM pg_notify('feed_' || current_schema(), after::text);
    END IF;
END
$$;
