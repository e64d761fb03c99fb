DROP TRIGGER res_partner_unbound ON res_partner_forgotten;
DROP FUNCTION res_partner_unbound;
