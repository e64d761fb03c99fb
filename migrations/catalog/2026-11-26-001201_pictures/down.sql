DROP TABLE product_picture;
ALTER TABLE product_template DROP COLUMN image_1920;
