-- A sync that can't go on is put aside with the reason, and tried again each minute.
ALTER TABLE ek_sync
    ADD COLUMN error text,
    DROP CONSTRAINT ek_sync_state_is_known,
    ADD CONSTRAINT ek_sync_state_is_known CHECK (state IN ('running', 'parked', 'done'));
CREATE INDEX ek_sync_parked ON ek_sync (write_date) WHERE state = 'parked';
