ALTER TABLE product_category DROP COLUMN taxes_id;
ALTER TABLE product_template DROP COLUMN taxes_id;
