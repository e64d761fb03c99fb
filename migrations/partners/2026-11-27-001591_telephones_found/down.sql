DROP INDEX res_partner_bank_ref_search;
DROP INDEX res_partner_bank_mobile_search;
DROP INDEX res_partner_bank_phone_search;
DROP INDEX res_partner_ref_search;
DROP INDEX res_partner_code_pos_search;
DROP INDEX res_partner_mobile_search;
DROP INDEX res_partner_phone_search;
