DROP TRIGGER product_template_reference ON product_template;
DROP TRIGGER product_master_reference ON product_master;
DROP FUNCTION reference_of_id;
ALTER TABLE product_template DROP COLUMN ref_odoo;
ALTER TABLE product_master DROP COLUMN ref_odoo;
