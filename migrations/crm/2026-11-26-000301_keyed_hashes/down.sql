ALTER TABLE crm_lead DROP COLUMN post_hash;
ALTER TABLE crm_lead ADD COLUMN post_hash text;
ALTER TABLE sale_order DROP COLUMN post_hash;
ALTER TABLE sale_order ADD COLUMN post_hash text;
