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
    "change".to_owned()
}

impl Event {
    /// What it says, by the contract of its service.
    ///
    /// # Errors
    /// See [`published_of`].
    pub fn read<P: Published>(&self, reader: &str) -> Result<P, Disagreement> {
        published_of(self.schema, self.payload.get(), reader)
    }
}
