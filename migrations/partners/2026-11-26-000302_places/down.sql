ALTER TABLE res_partner DROP COLUMN state_name;
ALTER TABLE res_country_state DROP COLUMN name_ar, DROP COLUMN name_en;
ALTER TABLE res_country DROP COLUMN name_ar;
DROP FUNCTION place;
