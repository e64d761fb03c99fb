ALTER TABLE product_template ALTER COLUMN ref_odoo DROP NOT NULL;
ALTER TABLE product_master ALTER COLUMN ref_odoo DROP NOT NULL;
DROP INDEX product_template_ref_odoo_key;
DROP INDEX product_master_ref_odoo_key;
