DROP TABLE product_template, product_master, product_attribute_value, product_attribute, product_brand, product_category;
