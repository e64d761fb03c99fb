DROP TRIGGER res_partner_as_it_was ON res_partner;
DROP TRIGGER res_company_as_it_was ON res_company;
DELETE FROM formerly WHERE relation IN ('res_company', 'res_partner');
ALTER TABLE res_company
    DROP COLUMN legal_form, DROP COLUMN capital, DROP COLUMN activity, DROP COLUMN street2, DROP COLUMN zip,
    DROP COLUMN payment_method, DROP COLUMN payment_days;
