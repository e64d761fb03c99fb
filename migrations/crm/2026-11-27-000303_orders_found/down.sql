DROP TRIGGER sale_order_served ON sale_order_line;
DROP TRIGGER sale_order_served_by_new ON sale_order_line;
DROP FUNCTION sale_order_served;
DROP INDEX sale_order_amount;
DROP INDEX sale_order_by_place;
DROP INDEX sale_order_name_search;
DROP INDEX sale_order_name;
ALTER TABLE sale_order DROP COLUMN reserved, DROP COLUMN short;
