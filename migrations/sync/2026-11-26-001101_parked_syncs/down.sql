DROP INDEX ek_sync_parked;
UPDATE ek_sync SET state = 'running' WHERE state = 'parked';
ALTER TABLE ek_sync
    DROP COLUMN error,
    DROP CONSTRAINT ek_sync_state_is_known,
    ADD CONSTRAINT ek_sync_state_is_known CHECK (state IN ('running', 'done'));
