//! Who sees little, and whose mark nobody has confirmed: told by the migration that made it so, and by the doctor.

use diesel::sql_types::{BigInt, Text};
use jsonrpc::Fault;
use records::Sql;
use service::Owner;
use service::doctor::Finding;

use crate::Partners;

/// What is told of some users, in words that go before their logins; and whether an administrator is to look at it.
const TOLD: &[(&str, &str, bool)] = &[
    (
        "create_by = 'ekiclik' AND bank_id IS NULL AND integration AND NOT integration_confirmed",
        "were marked as integration users because an administrator made them; confirm each by a PUT of `integration`, true or false",
        true,
    ),
    (
        "create_by = 'ekiclik' AND bank_id IS NULL AND NOT integration AND NOT integration_confirmed",
        "have neither a bank nor the mark of an integration user and see themselves and the catalogue; confirm each by a PUT of \
         `integration`, true or false",
        true,
    ),
    (
        "active AND bank_id IS NOT NULL AND coalesce(role, 'ROLE_USER') IN ('ROLE_USER', 'ROLE_POS_EK') AND coalesce(code_pos, '') <> ''",
        "are below ROLE_CREDIT_ANALYST_EK and see their bank's leads and orders of their own point of sale only",
        false,
    ),
    (
        "active AND bank_id IS NOT NULL AND coalesce(role, 'ROLE_USER') IN ('ROLE_USER', 'ROLE_POS_EK') AND coalesce(code_pos, '') = ''",
        "are below ROLE_CREDIT_ANALYST_EK, have no `code_pos`, and see themselves and the catalogue",
        false,
    ),
];

/// How many logins stand in one line.
const NAMED: usize = 200;

async fn told(owner: &Owner<Partners>) -> Result<Vec<(String, bool)>, Fault> {
    let mut lines = Vec::new();
    for (which, what, ask) in TOLD {
        let sql =
            format!("SELECT login, count(*) OVER () FROM res_users WHERE deleted_at IS NULL AND {which} ORDER BY login LIMIT {NAMED}");
        let users = owner.database.search::<(Text, BigInt), (String, i64)>(Sql::new(&sql)).await?;
        if let Some((_, all)) = users.first() {
            let logins: Vec<&str> = users.iter().map(|(login, _)| login.as_str()).collect();
            let more = if i64::try_from(logins.len()).is_ok_and(|named| named < *all) { ", …" } else { "" };
            lines.push((format!("{all} users {what}: {}{more}", logins.join(", ")), *ask));
        }
    }
    Ok(lines)
}

/// Logs it, after migrations.
pub async fn log(owner: &Owner<Partners>) {
    match told(owner).await {
        Ok(lines) => lines.iter().for_each(|(line, _)| tracing::warn!(service = "partners", "{line}")),
        Err(fault) => tracing::error!(service = "partners", %fault, "who sees little can't be told"),
    }
}

/// The same as findings.
pub async fn examine(owner: &Owner<Partners>) -> Vec<Finding> {
    match told(owner).await {
        Ok(lines) => lines.into_iter().map(|(line, ask)| if ask { Finding::ill(line) } else { Finding::well(line) }).collect(),
        Err(fault) => vec![Finding::ill(format!("users can't be looked at: {}", fault.message))],
    }
}
