ALTER TABLE product_master DROP COLUMN post_hash;
ALTER TABLE product_master ADD COLUMN post_hash text;
