//! `ek.attempt`, `ek.request`: the calls to platforms, and what was refused at the doors. What was on the wire is kept encrypted for some
//! days, as `body`: each look at one is audited.

use domain::{Identity, Kind as Who};
use jsonrpc::Fault;
use records::condition::denied;
use records::tx::Found;
use records::values::Mode;
use records::{Access, Body, Failure, Field, Filter, Kind, Model, Op, sql};
use serde_json::{Map, Value as Json};
use service::{Behaviour, Changing, Owner};

use crate::Sync;
use crate::models::{deliveries, is_banks_administrator, operators};
use crate::signature::Kept;

/// The column that has the encrypted text.
pub const COLUMN: &str = "sealed_body";
/// How many days a body is kept.
const DAYS: i64 = 7;

/// The declaration of the calls that were made.
pub fn attempt(_: &Sync) -> Model {
    let fields = vec![
        Field::new("delivery_id", Kind::Many2one("ek.delivery"), "Delivery").readonly(),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").readonly(),
        Field::new("at", Kind::Datetime, "Begun at").readonly(),
        Field::new("milliseconds", Kind::Integer, "Milliseconds until the answer").readonly(),
        Field::new("status", Kind::Integer, "HTTP status").readonly(),
        Field::new("why", Kind::Char(254), "Why it failed").readonly().help("In words; unset where it did not."),
        Field::new("error", Kind::Text(2_000), "Error").readonly().readable_by(operators),
        Field::new("webhook_id", Kind::Char(64), "webhook-id").readonly(),
        Field::new("answer", Kind::Text(2_048), "Platform's answer").readonly().readable_by(operators).help("The first 2 kB of it."),
        Field::new("body", Kind::Text(65_536), "What was sent")
            .readonly()
            .readable_by(operators)
            .sealed_in(COLUMN)
            .help("As it was sent, at most 64 kB of it, for seven days. Whoever reads it stands in the audit."),
        Field::internal(COLUMN, Kind::Text(100_000)).personal(),
    ];
    Model::new("ek.attempt", "ek_attempt", "Attempt of a delivery", fields, deliveries).order("id desc").rec_name("id").queue()
}

/// The declaration of refused requests.
pub fn request(_: &Sync) -> Model {
    let fields =
        vec![
            Field::new("at", Kind::Datetime, "At").readonly(),
            Field::new("method", Kind::Char(16), "HTTP method").readonly(),
            Field::new("path", Kind::Char(300), "Path").readonly(),
            Field::new("login", Kind::Char(254), "User").readonly(),
            Field::new("bank_id", Kind::Many2one("res.bank"), "User's bank").readonly(),
            Field::new("status", Kind::Integer, "HTTP status").readonly(),
            Field::new("error", Kind::Char(254), "Error").readonly(),
            Field::new("message", Kind::Text(2_000), "Why").readonly(),
            Field::new("reference", Kind::Char(254), "Reference").readonly().help("Of a product, a configuration or a point of sale."),
            Field::new("ek_order_id", Kind::Char(64), "Platform's order number").readonly(),
            Field::new("email", Kind::Char(254), "Client's e-mail").readonly().lower(),
            Field::new("trace_id", Kind::Char(32), "Trace").readonly(),
            Field::new("body", Kind::Text(65_536), "What was sent").readonly().readable_by(operators).sealed_in(COLUMN).help(
                "At most 64 kB of it, for seven days, without secrets and what is of a loan file. Whoever reads it stands in the audit.",
            ),
            Field::internal(COLUMN, Kind::Text(100_000)).personal(),
        ];
    Model::new("ek.request", "ek_request", "Refused request", fields, requests).order("id desc").rec_name("path").queue()
}

/// The hub's side sees what was refused of everybody, a bank's administrators of their bank's users, and everybody of themselves.
fn requests(identity: &Identity) -> Access {
    let own = || Filter::leaf("login", Op::Eq, identity.login.as_str());
    match identity.kind() {
        Who::Administrator | Who::Staff => Access::read(),
        Who::Bank(bank) if is_banks_administrator(identity) => Access::read().only(Filter::leaf("bank_id", Op::Eq, bank)),
        Who::Bank(_) | Who::Integration | Who::Clerk { .. } | Who::Outsider => Access::read().only(own()),
    }
}

/// What is written down with a body, that we sent or that was sent to us, and changed by the service's own code alone.
#[derive(Default)]
pub struct Log<const IS_SENT: bool>;

/// A call that was made.
pub type Attempt = Log<true>;

/// A request that was refused.
pub type Request = Log<false>;

fn opened(sync: &Sync, model: &Model, kept: Kept, id: i64, text: &str) -> Result<Map<String, Json>, Fault> {
    let body = sync.keys.open_body(kept, text);
    let closed = || service::our_fault("sync", "a kept body can't be opened: PLATFORM_KEYS lacks its key", &format!("{} {id}", model.name));
    Ok(Map::from_iter([("body".to_owned(), Json::from(body.ok_or_else(closed)?))]))
}

/// Empties bodies that have been kept long enough, some thousands at a time. Answers how many; where it is none, all are.
///
/// # Errors
/// The database's own.
pub async fn empty(owner: &Owner<Sync>) -> Result<usize, Fault> {
    let attempts = owner.database.run(sql!("bodies_kept/empty_attempts.sql", DAYS)).await?;
    Ok(attempts + owner.database.run(sql!("bodies_kept/empty_requests.sql", DAYS)).await?)
}

impl<const IS_SENT: bool> Behaviour<Sync> for Log<IS_SENT> {
    async fn create(&self, change: Changing<'_, '_, Sync>, _: Map<String, Json>) -> Result<i64, Failure> {
        Err(denied(change.model, "create").into())
    }

    async fn write(&self, change: Changing<'_, '_, Sync>, _: Found, _: Map<String, Json>) -> Result<(), Failure> {
        Err(denied(change.model, "modify").into())
    }

    async fn unlink(&self, change: Changing<'_, '_, Sync>, _: Found) -> Result<(), Failure> {
        Err(denied(change.model, "delete").into())
    }

    fn body(_: &Owner<Sync>, _: &Model, _: Mode) -> Option<Body> {
        None
    }

    fn unseal(sync: &Sync, model: &Model, id: i64, text: &str) -> Result<Map<String, Json>, Fault> {
        opened(sync, model, if IS_SENT { Kept::Sent } else { Kept::Refused }, id, text)
    }
}
