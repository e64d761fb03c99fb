-- How platforms know what a delivery tells of, where its event said so: of what was removed nobody can be asked any more.
ALTER TABLE ek_delivery ADD COLUMN reference text;
-- Until now it was made of the id
UPDATE ek_delivery SET reference = CASE kind WHEN 'product' THEN 'rc_' ELSE 'rc_variante' END || record_id
WHERE kind IN ('product', 'configuration') AND state IN ('waiting', 'sending');
