ALTER TABLE crm_stage DROP COLUMN fold;
