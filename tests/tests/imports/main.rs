//! What records bring with them that come from another Odoo: the references and names by which others know them.

mod adopted;
mod frozen;
mod quiet;
mod references;
