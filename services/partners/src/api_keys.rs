//! `res.users.apikeys`: the keys by which programs log in. What is kept is a hash; the model is a view without it, so that no
//! statement made of a declaration meets it.

use domain::{Identity, Kind as Who, hex};
use jsonrpc::Fault;
use records::tx::Found;
use records::values::{is_unset, whole};
use records::write::{self, Change};
use records::{Access, Failure, Field, Filter, Kind, Model, Op, Statement, Tx, sql};
use serde_json::{Map, Value as Json};
use service::owner::Answer;
use service::{Behaviour, Changing};

use crate::Partners;
use crate::rights::up_to_own_role;

/// How long a key is good for at most, in days.
const MAX_DAYS: i64 = 365;
const MODEL: &str = "res.users.apikeys";

/// The declaration.
pub fn model(_: &Partners) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Description").readonly(),
        Field::new("user_id", Kind::Many2one("res.users"), "User").readonly(),
        // Whose, for who manages a bank's users, who reads of others no number of theirs
        Field::computed("login", Kind::Char(254), "Login", "(SELECT u.login FROM res_users u WHERE u.id = {t}.user_id)"),
        Field::new("expiration_date", Kind::Datetime, "Good until").readonly(),
    ];
    Model::new(MODEL, "res_users_apikeys", "API key", fields, access).order("id desc")
}

/// Of what stands for a user, keys and sessions: one's own; an administrator's all; who manages a bank's users has theirs too. To be read
/// and ended: a change is another key.
pub fn access(identity: &Identity) -> Access {
    let ends = Access { unlink: true, ..Access::read() };
    let own = Filter::leaf("user_id", Op::Eq, identity.uid);
    match (identity.kind(), identity.manages()) {
        (Who::Administrator, _) => ends,
        (Who::Bank(_), Some(bank)) => {
            let writable = Some(Filter::Or(vec![own, up_to_own_role(identity, "user_id.role")]));
            Access { writable, ..ends }.only(Filter::path("user_id.bank_id", Op::Eq, bank))
        }
        (Who::Staff | Who::Integration | Who::Bank(_) | Who::Clerk { .. } | Who::Outsider, _) => ends.only(own),
    }
}

/// A key that is ended.
#[derive(Default)]
pub struct ApiKey;

impl Behaviour<Partners> for ApiKey {
    /// Ends keys, for good.
    async fn unlink(&self, change: Changing<'_, '_, Partners>, found: Found) -> Result<(), Failure> {
        noted(change.tx, Change::Deleted, sql!("api_keys/end.sql", found.ids, Vec::<i64>::new())).await
    }
}

/// A key for programs: shown this once, kept as a hash.
///
/// # Errors
/// 422 for a name or a time that is none.
pub async fn make(tx: &mut Tx<'_>, user: i64, data: &Map<String, Json>) -> Answer {
    let name = data.get("name").and_then(Json::as_str).map(str::trim).filter(|name| !name.is_empty() && name.chars().count() <= 254);
    let days = data.get("days").filter(|days| !is_unset(days)).map_or(Some(90), whole).filter(|days| (1..=MAX_DAYS).contains(days));
    let (Some(name), Some(days)) = (name, days) else {
        let expected = format!("`name` must be a text of 1 to 254 characters, `days` a whole number from 1 to {MAX_DAYS}");
        return Err(Fault::validation(expected).into());
    };
    let key = hex(&rand::random::<[u8; 20]>());
    let kept = sql!("api_keys/make.sql", key.as_str(), user, name, days, tx.identity.uid);
    noted(tx, Change::Created, kept).await?;
    Ok(key.into())
}

/// Ends all keys of these users, for good.
///
/// # Errors
/// The database's own.
pub async fn end_all(tx: &mut Tx<'_>, users: Vec<i64>) -> Result<(), Failure> {
    noted(tx, Change::Deleted, sql!("api_keys/end.sql", Vec::<i64>::new(), users)).await
}

/// The table has the hashes, which no declaration shows.
async fn noted(tx: &mut Tx<'_>, change: Change, changed: Statement) -> Result<(), Failure> {
    let model = tx.registry.model(MODEL)?;
    tx.ids(write::by_statement(model, &tx.author, change, changed)).await.map(drop)
}
