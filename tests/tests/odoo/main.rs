//! What Odoo's clients find beside records' fields.

mod files;
