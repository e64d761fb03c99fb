ALTER TABLE res_country_state DROP COLUMN places;
ALTER TABLE res_country DROP COLUMN places;
