ALTER TABLE ek_delivery DROP COLUMN reference;
