-- A session of the console ends after so many seconds without use (idle_seconds), and at latest_end whatever is done; an API session
-- has neither. Of sessions that are there it is known when they were last used, to the hour: that is as good as their beginning.
ALTER TABLE session
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN used_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN address text,
    ADD COLUMN idle_seconds bigint CONSTRAINT session_idle_seconds_are_some CHECK (idle_seconds > 0),
    ADD COLUMN latest_end timestamptz,
    ADD CONSTRAINT session_of_the_console_has_both_ends CHECK ((idle_seconds IS NULL) = (latest_end IS NULL));
UPDATE session SET created_at = least(now(), expires_at - interval '7 days'), used_at = least(now(), expires_at - interval '7 days');
CREATE UNIQUE INDEX session_id_key ON session (id);
