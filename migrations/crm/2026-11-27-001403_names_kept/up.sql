-- Orders are found by the name that is kept.
CREATE UNIQUE INDEX sale_order_name_key ON sale_order (name);
ALTER TABLE sale_order ALTER COLUMN name SET NOT NULL;
DROP INDEX sale_order_name_search;
DROP INDEX sale_order_name;
CREATE INDEX sale_order_name_search ON sale_order USING gin (norm(name) public.gin_trgm_ops);
