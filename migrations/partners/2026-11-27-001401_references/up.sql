-- How the banks' platforms know a client is kept, no longer made of the id: who comes from another system keeps the reference that banks
-- know them by. Whoever says none, the release before among them, gets that of the id.
ALTER TABLE res_partner ADD COLUMN ref_odoo text;

-- Its argument is what stands before the id
CREATE FUNCTION reference_of_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.ref_odoo := TG_ARGV[0] || NEW.id;
    RETURN NEW;
END
$$;
CREATE TRIGGER res_partner_reference BEFORE INSERT ON res_partner
    FOR EACH ROW WHEN (NEW.ref_odoo IS NULL) EXECUTE FUNCTION reference_of_id('res_partner_');
