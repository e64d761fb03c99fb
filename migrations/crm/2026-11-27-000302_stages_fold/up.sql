-- Whether a board shows a stage's column folded, as Odoo has it
ALTER TABLE crm_stage ADD COLUMN fold boolean NOT NULL DEFAULT false;
