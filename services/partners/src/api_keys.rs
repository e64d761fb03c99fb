//! `res.users.apikeys`: the keys by which programs log in. What is kept is a hash; the model is a view without it, so that no
//! statement made of a declaration meets it.

use domain::{Identity, Kind as Who, hex};
use events::{Change, Publication, append};
use jsonrpc::Fault;
use records::tx::Found;
use records::values::{is_unset, whole};
use records::{Access, Failure, Field, Filter, Kind, Model, Op, Sql, Tx};
use serde_json::{Map, Value as Json};
use service::owner::Answer;
use service::{Behaviour, Changing};

use crate::Partners;
use crate::res_users::up_to_own_role;

/// How long a key is good for at most, in days.
const MAX_DAYS: i64 = 365;
const MODEL: &str = "res.users.apikeys";

/// The declaration.
pub fn model(_: &Partners) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Description").readonly(),
        Field::new("user_id", Kind::Many2one("res.users"), "User").readonly(),
        Field::new("expiration_date", Kind::Datetime, "Good until").readonly(),
    ];
    Model::new(MODEL, "res_users_apikeys", "API key", fields, access).order("id desc")
}

/// One's own; an administrator's all; who manages a bank's users has theirs too. To be read and ended: a change is another key.
fn access(identity: &Identity) -> Access {
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
    async fn unlink(&self, change: Changing<'_, '_, Partners>, found: Found) -> Result<(), Failure> {
        unlink(change.tx, found).await
    }
}

/// A change of keys with its event and audit: the statement as far as its open bracket, and what goes into that.
fn noted(tx: &Tx<'_>, new: &str, values: impl FnOnce(&mut Sql), change: Change) -> Sql {
    let mut sql = Sql::new("WITH who AS (SELECT ");
    sql.bind(tx.author.origin).push(" AS origin, ").bind(tx.author.bank).push(" AS bank, ").bind(tx.author.uid);
    sql.push(" AS actor, ").bind(tx.author.traceparent.clone()).push(&format!(" AS traceparent), new AS ({new}"));
    values(&mut sql);
    sql.push(") RETURNING id, user_id, name, expires_at AS expiration_date, 1::bigint AS version)");
    sql.push(&append(MODEL, change, &[], &[], None, &Publication { schema: 1, fields: Vec::new() })).push(" SELECT id FROM new");
    sql
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
    let insert = "INSERT INTO api_key (key_sha256, user_id, name, expires_at, create_uid) VALUES (sha256(convert_to(";
    let values = |sql: &mut Sql| {
        sql.bind(key.as_str()).push(", 'UTF8')), ").bind(user).push(", ").bind(name);
        sql.push(", now() + make_interval(days => ").bind(days).push("::int), ").bind(tx.identity.uid);
    };
    tx.ids(noted(tx, insert, values, Change::Created)).await?;
    Ok(key.into())
}

/// Ends keys, for good.
///
/// # Errors
/// The database's own.
async fn unlink(tx: &mut Tx<'_>, found: Found) -> Result<(), Failure> {
    let ids = |sql: &mut Sql| {
        sql.bind(found.ids.clone());
    };
    tx.ids(noted(tx, "DELETE FROM api_key WHERE id = ANY(", ids, Change::Deleted)).await.map(drop)
}

/// Ends all keys of these users, for good.
///
/// # Errors
/// The database's own.
pub async fn end_all(tx: &mut Tx<'_>, users: Vec<i64>) -> Result<(), Failure> {
    let of = |sql: &mut Sql| {
        sql.bind(users);
    };
    tx.ids(noted(tx, "DELETE FROM api_key WHERE user_id = ANY(", of, Change::Deleted)).await.map(drop)
}
