//! What sync answers the gateway.

pub mod kept;

use chrono::{DateTime, Utc};
use jsonrpc::Question;
use serde::{Deserialize, Serialize};

/// Keeps what the doors refused of users who are logged in, for support.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepRefused {
    /// At most some hundreds.
    pub rows: Vec<Refused>,
}

impl Question for KeepRefused {
    const SERVICE: &'static str = "sync";
    const MODEL: &'static str = "ek.request";
    const METHOD: &'static str = "_refused";
    const ASKED_BY: &'static [&'static str] = &["gateway"];
    /// How many were kept.
    type Answer = usize;
}

/// A changing request that was refused. Texts are bounded and without what is personal but the e-mail, by which support finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// When.
    pub at: DateTime<Utc>,
    /// HTTP's.
    pub method: String,
    /// Without its query.
    pub path: String,
    /// Whose.
    pub login: String,
    /// `res.bank` id.
    pub bank_id: Option<i64>,
    /// HTTP's.
    pub status: u16,
    /// Odoo's exception name.
    pub error: String,
    /// What was said.
    pub message: String,
    /// The first natural key in it.
    pub reference: Option<String>,
    /// The platform's order number in it.
    pub ek_order_id: Option<String>,
    /// The e-mail in it.
    pub email: Option<String>,
    /// Of our fault, or of the caller's trace.
    pub trace_id: Option<String>,
    /// What may be kept of what was sent ([`kept`]), which is encrypted where it is kept.
    #[serde(default)]
    pub body: Option<String>,
}

/// At the cut-over from an Odoo: notes what every platform has (`ek.platform.action_adopt`), each once since a moment; or, when that is
/// done, lets those go on that are paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopt {
    /// When the cut-over began, as PostgreSQL writes it.
    pub since: String,
    /// Whether those that are paused go on.
    pub resume: bool,
}

impl Question for Adopt {
    const SERVICE: &'static str = "sync";
    const MODEL: &'static str = "ek.platform";
    const METHOD: &'static str = "_adopt";
    const ASKED_BY: &'static [&'static str] = &["bridge"];
    /// How much of it is left to be noted: 0 when all is done.
    type Answer = i64;
}

/// The changes of all services in sync's own order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// The last position that is known.
    pub after: i64,
    /// How many at most.
    pub limit: i64,
    /// How long to wait for the first one, in seconds.
    pub wait: u64,
}

impl Question for Stream {
    const SERVICE: &'static str = "sync";
    const MODEL: &'static str = "ek.delivery";
    const METHOD: &'static str = "_stream";
    const ASKED_BY: &'static [&'static str] = &["gateway"];
    type Answer = Vec<Change>;
}

/// That a record was changed; not what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// In sync's order.
    pub pos: i64,
    /// When the changing transaction began.
    pub at: DateTime<Utc>,
    /// Odoo's name of the model.
    pub model: String,
    /// The record.
    pub record_id: i64,
    /// Rises with each change of the record.
    pub version: i64,
    /// `created`, `updated` or `deleted`.
    pub kind: String,
    /// The side that caused it.
    pub origin: String,
    /// The bank that caused it, if one did.
    pub bank: Option<i64>,
    /// `change`, or `import`: the record came as it was elsewhere. The release before does not say so: it is a change there.
    #[serde(default = "change")]
    pub cause: String,
}

fn change() -> String {
    "change".to_owned()
}

/// The calls to the platforms, as OpenAPI's `webhooks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhooks {}

impl Question for Webhooks {
    const SERVICE: &'static str = "sync";
    const MODEL: &'static str = "";
    const METHOD: &'static str = "_webhooks";
    const ASKED_BY: &'static [&'static str] = &["gateway"];
    type Answer = serde_json::Value;
}
