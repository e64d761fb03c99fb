DROP TRIGGER purchase_order_named ON purchase_order;
DROP FUNCTION purchase_order_named;
DROP INDEX purchase_order_name_key;
CREATE UNIQUE INDEX purchase_order_name_key ON purchase_order (name) WHERE deleted_at IS NULL;
ALTER TABLE purchase_order ALTER COLUMN name DROP DEFAULT;
DROP SEQUENCE purchase_order_name_seq;
DROP FUNCTION document_name;
