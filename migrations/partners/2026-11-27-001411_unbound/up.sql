-- Of a person who is forgotten the binding keeps the ids alone.
CREATE FUNCTION res_partner_unbound() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE odoo_binding SET digest = NULL, write_date = NULL WHERE model = 'res.partner' AND record_id = NEW.partner_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER res_partner_unbound AFTER INSERT OR UPDATE ON res_partner_forgotten FOR EACH ROW EXECUTE FUNCTION res_partner_unbound();
