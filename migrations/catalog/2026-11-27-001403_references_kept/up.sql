-- Of all records, those that were removed too: a bank may still know one by it.
CREATE UNIQUE INDEX product_master_ref_odoo_key ON product_master (ref_odoo);
CREATE UNIQUE INDEX product_template_ref_odoo_key ON product_template (ref_odoo);
ALTER TABLE product_master ALTER COLUMN ref_odoo SET NOT NULL;
ALTER TABLE product_template ALTER COLUMN ref_odoo SET NOT NULL;
