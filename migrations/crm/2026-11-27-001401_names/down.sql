ALTER TABLE sale_order DROP COLUMN name;
DROP SEQUENCE sale_order_name_seq;
DROP FUNCTION document_name;
