//! Who sees little, and whose mark nobody has confirmed: told by the migration that made it so, and by the doctor.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Text};
use domain::{Identity, Role};
use jsonrpc::Fault;
use records::{Filter, Op, sql};
use service::Owner;
use service::findings::Finding;

use crate::Partners;

/// What is told of some users: what `to_be_told.sql` calls it, the words that go before their logins, and whether an administrator is
/// to look at it.
const TOLD: &[(&str, &str, bool)] = &[
    (
        "taken for integration",
        "were marked as integration users because an administrator made them; confirm each by a PUT of `integration`, true or false",
        true,
    ),
    (
        "not integration",
        "have neither a bank nor the mark of an integration user and see themselves and the catalogue; confirm each by a PUT of \
         `integration`, true or false",
        true,
    ),
    ("clerk", "are below ROLE_CREDIT_ANALYST_EK and see their bank's leads and orders of their own point of sale only", false),
    ("clerk of nowhere", "are below ROLE_CREDIT_ANALYST_EK, have no `code_pos`, and see themselves and the catalogue", false),
];

/// How many logins stand in one line.
const NAMED: i64 = 200;

/// A row of `to_be_told.sql`.
#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = BigInt)]
    users: i64,
    #[diesel(sql_type = Array<Text>)]
    logins: Vec<String>,
}

async fn told(owner: &Owner<Partners>) -> Result<Vec<(String, bool)>, Fault> {
    let mut told: Vec<Told> = owner.database.rows(sql!("rights/to_be_told.sql", NAMED)).await?;
    told.sort_by_key(|told| TOLD.iter().position(|(what, ..)| *what == told.what));
    let line = |Told { what, users, logins }: Told| {
        let known = TOLD.iter().find(|(known, ..)| *known == what);
        let (_, words, ask) = known.ok_or_else(|| service::our_fault("partners", "users of an unknown kind", &what))?;
        let more = if users > NAMED { ", …" } else { "" };
        Ok((format!("{users} users {words}: {}{more}", logins.join(", ")), *ask))
    };
    told.into_iter().map(line).collect()
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

/// The users, by a path to their role, whose role is no higher than one's own.
pub fn up_to_own_role(identity: &Identity, path: &str) -> Filter {
    let lower = Role::NAMES.iter().filter(|name| Role::parse(name).is_some_and(|role| identity.may_give(role)));
    Filter::Or(vec![Filter::path(path, Op::Eq, false), Filter::path(path, Op::In, lower.copied().collect::<Vec<_>>())])
}
