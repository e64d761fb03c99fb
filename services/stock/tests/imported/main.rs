//! What stock takes from another Odoo: warehouses, one inventory, purchases, open transfers; quietly, until the cut-over.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod cut_over;
mod given;
mod inventory;
mod transfers;
