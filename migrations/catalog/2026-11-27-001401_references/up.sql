-- How the banks' platforms know a product and its configurations is kept, no longer made of the id: what comes from another system keeps
-- the reference that banks know it by. Whoever says none, the release before among them, gets that of the id.
ALTER TABLE product_master ADD COLUMN ref_odoo text;
ALTER TABLE product_template ADD COLUMN ref_odoo text;

-- Its argument is what stands before the id
CREATE FUNCTION reference_of_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.ref_odoo := TG_ARGV[0] || NEW.id;
    RETURN NEW;
END
$$;
CREATE TRIGGER product_master_reference BEFORE INSERT ON product_master
    FOR EACH ROW WHEN (NEW.ref_odoo IS NULL) EXECUTE FUNCTION reference_of_id('rc_');
CREATE TRIGGER product_template_reference BEFORE INSERT ON product_template
    FOR EACH ROW WHEN (NEW.ref_odoo IS NULL) EXECUTE FUNCTION reference_of_id('rc_variante');
