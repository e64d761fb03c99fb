-- One row where anybody can have been forgotten.
SELECT 'partners.res_partner_forgotten' AS name
WHERE to_regclass('partners.res_partner_forgotten') IS NOT NULL
