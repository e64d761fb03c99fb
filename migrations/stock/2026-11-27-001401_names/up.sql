-- Purchases get their names from a sequence of their own, no longer from that of the ids: what comes from another system keeps its name.
CREATE FUNCTION document_name(prefix text, number bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN prefix || lpad(number::text, greatest(5, length(number::text)), '0');
CREATE SEQUENCE purchase_order_name_seq;
LOCK TABLE purchase_order IN SHARE ROW EXCLUSIVE MODE;
SELECT setval('purchase_order_name_seq', last_value, is_called) FROM purchase_order_id_seq;
ALTER TABLE purchase_order ALTER COLUMN name SET DEFAULT document_name('P', nextval('purchase_order_name_seq'));
-- Of all of them: nobody removes one
CREATE UNIQUE INDEX purchase_order_any_name_key ON purchase_order (name);
DROP INDEX purchase_order_name_key;
ALTER INDEX purchase_order_any_name_key RENAME TO purchase_order_name_key;

-- The release before names a purchase by its id: the next name is beyond that. It goes with the next release.
CREATE FUNCTION purchase_order_named() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM setval('purchase_order_name_seq', NEW.id) FROM purchase_order_name_seq WHERE last_value < NEW.id;
    RETURN NEW;
END
$$;
CREATE TRIGGER purchase_order_named BEFORE INSERT ON purchase_order
    FOR EACH ROW WHEN (NEW.name = 'P' || lpad(NEW.id::text, greatest(5, length(NEW.id::text)), '0')) EXECUTE FUNCTION purchase_order_named();
