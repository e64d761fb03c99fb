DROP INDEX sale_order_name_search;
CREATE INDEX sale_order_name ON sale_order (('S' || lpad(id::text, greatest(5, length(id::text)), '0')));
CREATE INDEX sale_order_name_search ON sale_order
    USING gin (norm('S' || lpad(id::text, greatest(5, length(id::text)), '0')) public.gin_trgm_ops);
ALTER TABLE sale_order ALTER COLUMN name DROP NOT NULL;
DROP INDEX sale_order_name_key;
