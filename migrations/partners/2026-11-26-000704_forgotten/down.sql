DROP FUNCTION forget(bigint, bigint, text, date);
DROP TABLE res_partner_forgotten;
