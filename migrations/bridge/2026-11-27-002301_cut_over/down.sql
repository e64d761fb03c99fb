ALTER TABLE ek_odoo DROP COLUMN freezes, DROP COLUMN cut_over;
