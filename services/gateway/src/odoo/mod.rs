//! What the hub is to a client of Odoo: its version, its one database, the models that Odoo keeps about models, and the methods of
//! users that clients call before anything else.

mod external;
mod own;

use std::collections::BTreeMap;

use jsonrpc::Fault;
use records::values::truth;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub use external::reference;
pub use own::{answer, is_own};

use crate::auth::Session;
use crate::gateway::Gateway;

/// The series that the doors speak as.
pub const SERIE: &str = "16.0";
/// Odoo's `server_version_info` of it.
pub fn version_info() -> Value {
    json!([16, 0, 0, "final", 0, ""])
}

/// What `common.version` answers.
pub fn version() -> Value {
    json!({"server_version": SERIE, "server_version_info": version_info(), "server_serie": SERIE, "protocol_version": 1})
}

/// What `common.about` answers: a text, and with an argument that is true the version beside it.
pub fn about(args: &[Box<RawValue>]) -> Value {
    let text = "Echange, the exchange hub between Ekiclik and the banks.";
    match args.first().is_some_and(|extended| matches!(extended.get(), "true" | "1")) {
        true => json!([text, SERIE]),
        false => text.into(),
    }
}

/// The arguments of a call, in order and by name.
pub struct Given<'a> {
    /// The method.
    pub method: &'a str,
    /// Those in order.
    pub args: &'a [Box<RawValue>],
    /// Those by name.
    pub kwargs: &'a BTreeMap<String, Box<RawValue>>,
}

impl Given<'_> {
    fn read<T: DeserializeOwned>(&self, at: usize, name: &str) -> Result<Option<T>, Fault> {
        let raw = self.args.get(at).or_else(|| self.kwargs.get(name));
        raw.map(|raw| serde_json::from_str(raw.get()).map_err(|error| Fault::unread(name, &error))).transpose()
    }

    fn text(&self, at: usize, name: &str) -> Result<String, Fault> {
        let missing = || Fault::type_error(format!("{}() missing 1 required positional argument: '{name}'", self.method));
        self.read(at, name)?.ok_or_else(missing)
    }

    fn is_true(&self, at: usize, name: &str) -> Result<bool, Fault> {
        Ok(self.read::<Value>(at, name)?.as_ref().and_then(truth) == Some(true))
    }
}

/// What the gateway knows by itself; none for everything else.
///
/// # Errors
/// For an argument that can't be read.
pub fn own_method(gateway: &Gateway, session: &Session, model: &str, given: &Given<'_>) -> Result<Option<Value>, Fault> {
    let who = &session.who;
    Ok(match (model, given.method) {
        ("res.users", "context_get") => Some(json!({"lang": who.lang, "tz": who.tz, "uid": who.identity.uid})),
        ("res.users", "has_group") => {
            // Called on the model until Odoo 17, on a user since
            let group = match given.args.first().map(|raw| raw.get()) {
                Some(first) if !first.starts_with('"') => given.text(1, "group_ext_id")?,
                _ => given.text(0, "group_ext_id")?,
            };
            Some(has_group(session, &group).into())
        }
        ("ir.config_parameter", "get_param") => match given.text(0, "key")?.as_str() {
            "web.base.url" => Some(gateway.config.web_base_url.as_str().into()),
            _ => Some(given.read(1, "default")?.unwrap_or(Value::Bool(false))),
        },
        _ => None,
    })
}

/// Odoo's groups that a user of the hub would have.
fn has_group(session: &Session, group: &str) -> bool {
    let identity = &session.who.identity;
    match group {
        "base.group_user" => true,
        "base.group_system" | "base.group_erp_manager" => identity.hub_admin,
        "base.group_no_one" => identity.hub_admin,
        _ => false,
    }
}
