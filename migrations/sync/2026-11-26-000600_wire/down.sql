ALTER TABLE ek_attempt DROP COLUMN webhook_id;
DELETE FROM ek_sent WHERE NOT taken;
ALTER TABLE ek_sent DROP COLUMN taken, DROP COLUMN version;
ALTER TABLE ek_delivery DROP COLUMN sent, DROP COLUMN sent_version, DROP COLUMN waits_for;
