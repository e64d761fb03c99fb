//! What the hub is to a client of Odoo: its version, its one database, the models that Odoo keeps about models, and the methods of
//! users that clients call before anything else.

mod external;
mod own;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jsonrpc::{Fault, Params};
use moka::future::Cache;
use process::directory::SERVICES;
use process::parse_reply;
use records::Described;
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub use external::reference;
pub use own::{answer, is_own};

use crate::auth::Session;
use crate::gateway::Gateway;
use crate::services::Services;

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

/// How long it is kept what the services tell of their models.
const KEPT: Duration = Duration::from_secs(60);

/// Every model, as its service describes it.
pub type Models = BTreeMap<String, Described>;

/// What the services tell of their models, as it was told last.
pub struct Known {
    services: Services,
    models: Cache<(), Arc<Models>>,
}

impl Known {
    /// Nothing yet.
    pub fn new(services: Services) -> Known {
        Known { services, models: Cache::builder().max_capacity(1).time_to_live(KEPT).build() }
    }

    /// All models.
    ///
    /// # Errors
    /// 503 where a service is away.
    pub async fn models(&self) -> Result<Arc<Models>, Fault> {
        let ask = async {
            let mut models = Models::new();
            for (service, _) in SERVICES {
                let described: Models = parse_reply(self.services.ask_of_itself(service, "_described", None).await?).await?;
                models.extend(described);
            }
            Ok::<_, Fault>(Arc::new(models))
        };
        self.models.try_get_with((), ask).await.map_err(Arc::unwrap_or_clone)
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
