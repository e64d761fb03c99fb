-- An order's name is kept, no longer made of the id: what comes from another system keeps the name that stands on its papers. The next
-- ones get theirs from a sequence of their own.
CREATE FUNCTION document_name(prefix text, number bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN prefix || lpad(number::text, greatest(5, length(number::text)), '0');
CREATE SEQUENCE sale_order_name_seq;
ALTER TABLE sale_order ADD COLUMN name text;
-- Nobody makes an order meanwhile: the column's lock is taken. Each order that is made takes one of both numbers, so that the release
-- before, which makes the name of the id, says the same
SELECT setval('sale_order_name_seq', last_value, is_called) FROM sale_order_id_seq;
ALTER TABLE sale_order ALTER COLUMN name SET DEFAULT document_name('S', nextval('sale_order_name_seq'));
