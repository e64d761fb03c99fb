ALTER TABLE ek_odoo DROP COLUMN freezes, DROP COLUMN cut_over, DROP COLUMN follow_minutes;
