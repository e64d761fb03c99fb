//! What every door translates into, and what it gets back: a [`Call`], answered by a [`Reply`] or a [`Fault`].
//!
//! Nothing here knows about models. What services ask of each other is typed by [`contract`]. The JSON-RPC envelope and Odoo's error names are in [`envelope`] and [`fault`];
//! [`strict`] reads the values that a client sent, within bounds.

pub mod contract;
pub mod envelope;
pub mod fault;
pub mod import;
pub mod strict;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

pub use contract::{Disagreement, Published, Question};
pub use fault::{Fault, Nature};

/// One thing asked of the service that owns a model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Odoo's name of the model, `product.template`.
    pub model: String,
    /// The method; one that begins with `_` is between services only.
    pub method: String,
    /// The arguments by name, still the client's own JSON.
    #[serde(default)]
    pub params: Params,
    /// In whose words it is asked and to be answered.
    #[serde(default, skip_serializing_if = "Dialect::is_the_add_ons")]
    pub dialect: Dialect,
    /// The signed identity of who asks; in the `Authorization` header between processes.
    #[serde(skip)]
    pub token: Arc<str>,
    /// W3C trace context of the request, kept with every event that it causes.
    #[serde(skip)]
    pub traceparent: Option<String>,
    /// What makes a repeated changing request one request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<Idempotency>,
}

/// Whose words a call's methods and its answer are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// The REST add-on's: a list is a page with its numbers, a many2one is an id, a create that came before is the same record.
    #[default]
    AddOn,
    /// The ORM's, as Odoo's RPC has it: a list is a list, a many2one is an id with its name, a create makes a record or fails.
    Odoo,
}

impl Dialect {
    fn is_the_add_ons(&self) -> bool {
        *self == Dialect::AddOn
    }
}

/// The sender's `Idempotency-Key` and what else it is bound to; the user comes from the identity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Idempotency {
    /// The key itself, without the quotes of its header.
    pub key: String,
    /// HTTP method and path of the request.
    pub scope: String,
    /// SHA-256 of the request's body and query, in hex: the same key with another payload is refused.
    pub payload: String,
}

impl Call {
    /// A call without arguments.
    pub fn new(model: impl Into<String>, method: impl Into<String>, token: Arc<str>) -> Call {
        Call {
            model: model.into(),
            method: method.into(),
            params: Params::default(),
            dialect: Dialect::default(),
            token,
            traceparent: None,
            idempotency: None,
        }
    }

    /// Another call on behalf of this one, in its trace; whose it is, the asking service says.
    pub fn asking(&self, model: &str, method: &str) -> Call {
        Call { traceparent: self.traceparent.clone(), ..Call::new(model, method, Arc::from("")) }
    }

    /// The same call with one argument more.
    pub fn with(mut self, name: &str, value: &impl Serialize) -> Call {
        self.params.set(name, value);
        self
    }
}

/// Arguments by name, each still raw JSON: read once, by the code that knows its type.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(BTreeMap<String, Box<RawValue>>);

impl Params {
    /// Sets an argument. A value that can't be JSON (a map with keys that are no text) is left out.
    pub fn set(&mut self, name: &str, value: &impl Serialize) {
        if let Ok(raw) = to_raw_value(value) {
            self.0.insert(name.to_owned(), raw);
        }
    }

    /// Sets an argument to JSON that was already read.
    pub fn set_raw(&mut self, name: &str, raw: &RawValue) {
        self.0.insert(name.to_owned(), raw.to_owned());
    }

    /// The raw JSON of an argument, if the caller gave it.
    pub fn raw(&self, name: &str) -> Option<&RawValue> {
        self.0.get(name).map(AsRef::as_ref)
    }

    /// Takes an argument out.
    pub fn remove(&mut self, name: &str) -> Option<Box<RawValue>> {
        self.0.remove(name)
    }

    /// Every argument's name and raw JSON.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, raw)| (name.as_str(), raw.as_ref()))
    }

    /// The argument, if given.
    ///
    /// # Errors
    /// 422 naming the argument and what was expected.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Fault> {
        match self.0.get(name) {
            None => Ok(None),
            Some(raw) if raw.get() == "null" => Ok(None),
            Some(raw) => {
                serde_json::from_str(raw.get()).map(Some).map_err(|e| Fault::validation(format!("`{name}`: {}", fault::in_words(&e))))
            }
        }
    }

    /// The same where `false` is none too, as Odoo's clients send it.
    ///
    /// # Errors
    /// As [`Params::get`].
    pub fn given<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Fault> {
        if self.raw(name).is_some_and(|raw| raw.get() == "false") { Ok(None) } else { self.get(name) }
    }

    /// The argument, which must be there.
    ///
    /// # Errors
    /// 422 naming the argument.
    pub fn need<T: DeserializeOwned>(&self, name: &str) -> Result<T, Fault> {
        self.get(name)?.ok_or_else(|| Fault::validation(format!("`{name}` is required.")))
    }
}

/// The text of an answer: whole where it is small, a stream for an export.
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// Piece by piece, never held in memory as one text.
    Stream(Pin<Box<dyn Stream<Item = Result<Bytes, Fault>> + Send>>),
}

/// What a service answers: JSON, and two facts that the doors tell in headers.
pub struct Reply {
    /// The JSON of the result, as Postgres or serde wrote it.
    pub body: Body,
    /// How many records a write's filter found (`X-Records-Matched`).
    pub matched: Option<u64>,
    /// Whether this is the kept answer of an earlier, equal request (`Idempotency-Replayed`).
    pub replayed: bool,
}

impl Reply {
    /// An answer whose JSON is at hand.
    pub fn json(body: impl Into<Bytes>) -> Reply {
        Reply { body: Body::Whole(body.into()), matched: None, replayed: false }
    }

    /// An answer from a Rust value.
    pub fn value(value: &impl Serialize) -> Reply {
        Reply::json(serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec()))
    }

    /// The same with the number of records found.
    pub fn matched(mut self, matched: u64) -> Reply {
        self.matched = Some(matched);
        self
    }
}
