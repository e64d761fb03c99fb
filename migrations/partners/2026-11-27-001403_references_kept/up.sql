-- Of all records, those that were removed too: a bank may still know one by it.
CREATE UNIQUE INDEX res_partner_ref_odoo_key ON res_partner (ref_odoo);
ALTER TABLE res_partner ALTER COLUMN ref_odoo SET NOT NULL;
