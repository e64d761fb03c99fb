//! What the hub is to a client of Odoo: its version, its one database, the models that Odoo keeps about models, and the methods of
//! users that clients call before anything else.

mod external;
mod own;

use std::collections::BTreeMap;

use jsonrpc::{Fault, Params};
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

/// What the gateway knows by itself; none for everything else.
///
/// # Errors
/// For an argument that can't be read.
pub fn own_method(
    gateway: &Gateway,
    session: &Session,
    model: &str,
    method: &str,
    args: &[Box<RawValue>],
    kwargs: &BTreeMap<String, Box<RawValue>>,
) -> Result<Option<Value>, Fault> {
    let text = |at: usize, name: &str| -> Result<String, Fault> {
        let raw = args.get(at).or_else(|| kwargs.get(name));
        let raw = raw.ok_or_else(|| Fault::type_error(format!("{method}() missing 1 required positional argument: '{name}'")))?;
        serde_json::from_str(raw.get()).map_err(|error| Fault::unread(name, &error))
    };
    let who = &session.who;
    Ok(match (model, method) {
        ("res.users", "context_get") => Some(json!({"lang": who.lang, "tz": who.tz, "uid": who.identity.uid})),
        ("res.users", "has_group") => {
            // Called on the model until Odoo 17, on a user since
            let group = match args.first().map(|raw| raw.get()) {
                Some(first) if !first.starts_with('"') => text(1, "group_ext_id")?,
                _ => text(0, "group_ext_id")?,
            };
            Some(has_group(session, &group).into())
        }
        ("ir.config_parameter", "get_param") => {
            let (key, unset) = (text(0, "key")?, args.get(1).or_else(|| kwargs.get("default")));
            match key.as_str() {
                "web.base.url" => Some(gateway.config.web_base_url.as_str().into()),
                _ => Some(
                    unset
                        .map_or(Ok(false.into()), |raw| serde_json::from_str(raw.get()))
                        .map_err(|error| Fault::unread("default", &error))?,
                ),
            }
        }
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

/// An argument of one of Odoo's own models.
fn given<T: serde::de::DeserializeOwned>(params: &Params, name: &str) -> Result<Option<T>, Fault> {
    match params.raw(name).map(RawValue::get) {
        None | Some("false" | "null") => Ok(None),
        Some(_) => params.get(name),
    }
}
