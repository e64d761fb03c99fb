DROP TABLE odoo_binding;
