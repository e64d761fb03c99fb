-- What a configuration is taxed with, or else its category; crm keeps the taxes. A line of a document has one rate. The checks are
-- not validated: every row that is there has none yet.
ALTER TABLE product_template ADD COLUMN taxes_id bigint[] NOT NULL DEFAULT '{}';
ALTER TABLE product_template ADD CONSTRAINT product_template_has_one_tax_at_most CHECK (cardinality(taxes_id) <= 1) NOT VALID;
CREATE INDEX product_template_taxes ON product_template USING gin (taxes_id);
ALTER TABLE product_category ADD COLUMN taxes_id bigint[] NOT NULL DEFAULT '{}';
ALTER TABLE product_category ADD CONSTRAINT product_category_has_one_tax_at_most CHECK (cardinality(taxes_id) <= 1) NOT VALID;
CREATE INDEX product_category_taxes ON product_category USING gin (taxes_id);
