//! An event, as its feed tells it.

use chrono::{DateTime, Utc};
use jsonrpc::contract::published_of;
use jsonrpc::{Disagreement, Published};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One change of one record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Position in the owner's feed; rises, with gaps after a restore.
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
    /// The side that caused it, `odoo` or `ekiclik`.
    pub origin: String,
    /// The bank that caused it, if one did.
    pub bank: Option<i64>,
    /// Trace context of the request that caused it.
    pub traceparent: Option<String>,
    /// What made it: `change`, or `import`. A release before does not tell.
    #[serde(default = "change")]
    pub cause: String,
    /// The number of the payload's shape; 0 is the whole row, as a release before tells it.
    #[serde(default)]
    pub schema: i16,
    /// What is published of the record's new state; personal fields are null.
    pub payload: Box<RawValue>,
}

fn change() -> String {
    Cause::Change.as_str().to_owned()
}

/// What makes an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cause {
    /// Somebody's doing, here: whoever it concerns hears of it.
    #[default]
    Change,
    /// A record came as it was elsewhere: what it had to bring about it has brought about there, and nobody is told.
    Import,
}

impl Cause {
    /// As it stands in an event.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::Change => "change",
            Cause::Import => "import",
        }
    }
}

impl Event {
    /// Whether a record only came, as it was elsewhere.
    pub fn is_import(&self) -> bool {
        self.cause == Cause::Import.as_str()
    }

    /// What it says, by the contract of its service.
    ///
    /// # Errors
    /// See [`published_of`].
    pub fn read<P: Published>(&self, reader: &str) -> Result<P, Disagreement> {
        published_of(self.schema, self.payload.get(), reader)
    }
}
