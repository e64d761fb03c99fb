ALTER TABLE res_partner ALTER COLUMN ref_odoo DROP NOT NULL;
DROP INDEX res_partner_ref_odoo_key;
