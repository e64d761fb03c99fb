-- What invoices say of who issues them, and how they are paid.
ALTER TABLE res_company
    ADD COLUMN legal_form text,
    ADD COLUMN capital numeric(16, 2) CONSTRAINT res_company_capital_is_not_negative CHECK (capital >= 0),
    ADD COLUMN activity text,
    ADD COLUMN street2 text,
    ADD COLUMN zip text,
    ADD COLUMN payment_method text,
    ADD COLUMN payment_days bigint NOT NULL DEFAULT 0 CONSTRAINT res_company_payment_days_are_within_a_year CHECK (payment_days BETWEEN 0 AND 365);

-- The parties of a paper stay as they were
CREATE TRIGGER res_company_as_it_was AFTER UPDATE ON res_company FOR EACH ROW EXECUTE FUNCTION keep_as_it_was(
    'name', 'legal_form', 'capital', 'activity', 'street', 'street2', 'zip', 'city', 'country_id', 'phone', 'email',
    'rc', 'nif', 'nis', 'ai', 'rib', 'payment_method', 'payment_days');
CREATE TRIGGER res_partner_as_it_was AFTER UPDATE ON res_partner FOR EACH ROW EXECUTE FUNCTION keep_as_it_was(
    'name', 'code_pos', 'street', 'street2', 'zip', 'city', 'state_id', 'country_id', 'phone', 'mobile', 'email',
    'rc', 'nif', 'nis', 'ai');
