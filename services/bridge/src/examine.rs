//! What is wrong with the Odoos: secrets that don't open, runs that have failed. None is called.

use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text};
use records::sql;
use service::Owner;
use service::findings::Finding;

use crate::Bridge;

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    secret: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    failed: Option<String>,
}

/// Looks at every Odoo.
pub async fn odoos(owner: &Owner<Bridge>) -> Vec<Finding> {
    let rows: Vec<Kept> = match owner.database.rows(sql!("examine/odoos.sql")).await {
        Ok(rows) => rows,
        Err(fault) => return vec![Finding::ill(format!("Odoos can't be looked at: {}", fault.message))],
    };
    let mut findings = Vec::new();
    for Kept { name, secret, failed } in rows {
        if let Some(secret) = secret.filter(|secret| owner.service.keys.open(secret).is_none()) {
            let key = secret.split('.').next().unwrap_or_default();
            findings.push(Finding::ill(format!("the secret of the Odoo {name} can't be opened: BRIDGE_KEYS lacks the key '{key}'")));
        }
        if let Some(why) = failed {
            findings.push(Finding::ill(format!("the last run of the Odoo {name} has failed: {why}")));
        }
    }
    findings
}
