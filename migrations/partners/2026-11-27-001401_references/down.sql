DROP TRIGGER res_partner_reference ON res_partner;
DROP FUNCTION reference_of_id;
ALTER TABLE res_partner DROP COLUMN ref_odoo;
