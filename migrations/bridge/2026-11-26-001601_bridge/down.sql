DROP TABLE ek_odoo_run;
DROP TABLE ek_odoo;
