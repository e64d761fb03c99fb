-- Whether nobody but the bridge changes the hub's records from the first import to the cut-over, and when that was.
ALTER TABLE ek_odoo ADD COLUMN freezes boolean NOT NULL DEFAULT true, ADD COLUMN cut_over timestamptz,
    -- How often the hub follows by itself; 0: it does not
    ADD COLUMN follow_minutes bigint NOT NULL DEFAULT 0 CONSTRAINT ek_odoo_follow_minutes_is_bounded CHECK (follow_minutes BETWEEN 0 AND 10080);
