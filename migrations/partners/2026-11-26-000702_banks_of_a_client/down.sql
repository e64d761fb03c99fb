DROP TABLE res_partner_bank;
DELETE FROM formerly WHERE relation = 'res_partner_bank';
