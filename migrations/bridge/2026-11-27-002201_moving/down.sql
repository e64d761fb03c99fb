DROP TABLE ek_odoo_record;
DROP INDEX ek_odoo_run_unended_key;
DELETE FROM ek_odoo_run WHERE kind <> 'inspection' OR state = 'paused';
ALTER TABLE ek_odoo_run
    DROP COLUMN progress,
    DROP COLUMN of_marked,
    DROP COLUMN estimated_end,
    DROP COLUMN seconds,
    DROP CONSTRAINT ek_odoo_run_state_is_known,
    ADD CONSTRAINT ek_odoo_run_state_is_known CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled'));
