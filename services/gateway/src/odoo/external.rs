//! What Odoo's clients ask of `ir.model.data` besides its records: what an external id stands for.

use std::collections::BTreeMap;

use jsonrpc::{Call, Dialect, Fault};
use process::parse_reply;
use records::model::clip;
use records::values::truth;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::auth::Session;
use crate::incoming::Incoming;

/// Where external ids are kept.
const MODEL: &str = "ir.model.data";

/// A record that has an external id.
#[derive(Deserialize)]
struct Named {
    model: String,
    res_id: i64,
}

/// The arguments of a call, in order and by name.
struct Given<'a> {
    method: &'a str,
    args: &'a [Box<RawValue>],
    kwargs: &'a BTreeMap<String, Box<RawValue>>,
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

/// `check_object_reference`, which every version has, and what 14 has besides; none for every other method.
///
/// # Errors
/// Odoo's ValueError for an external id that finds nothing for the user.
pub async fn reference(
    incoming: &Incoming,
    session: &Session,
    model: &str,
    method: &str,
    args: &[Box<RawValue>],
    kwargs: &BTreeMap<String, Box<RawValue>>,
) -> Result<Option<Value>, Fault> {
    if model != MODEL {
        return Ok(None);
    }
    let given = Given { method, args, kwargs };
    let (module, name, must) = match method {
        "check_object_reference" | "get_object_reference" => (given.text(0, "module")?, given.text(1, "xml_id")?, true),
        "xmlid_to_res_id" | "xmlid_to_res_model_res_id" => {
            let xmlid = given.text(0, "xmlid")?;
            let Some((module, name)) = xmlid.split_once('.') else {
                return Err(Fault::value_error(format!("'{}' is not an external id: module.name was expected", clip(&xmlid))));
            };
            (module.to_owned(), name.to_owned(), given.is_true(1, "raise_if_not_found")?)
        }
        _ => return Ok(None),
    };
    let found = find(incoming, session, &module, &name).await?;
    if found.is_none() && must {
        let told = format!("{}.{}", clip(&module), clip(&name));
        return Err(Fault::value_error(format!("External ID not found in the system: {told}")));
    }
    Ok(Some(match (method, found) {
        ("xmlid_to_res_id", found) => found.map_or(Value::Bool(false), |found| found.res_id.into()),
        (_, Some(found)) => json!([found.model, found.res_id]),
        (_, None) => json!([false, false]),
    }))
}

async fn find(incoming: &Incoming, session: &Session, module: &str, name: &str) -> Result<Option<Named>, Fault> {
    let call = Call { dialect: Dialect::Odoo, ..session.call(MODEL, "search_read")? };
    let call = call.with("filter", &json!([["module", "=", module], ["name", "=", name]])).with("query", &"{id,model,res_id}");
    let reply = incoming.send_across(session, call.with("order", &"id").with("limit", &1)).await?;
    Ok(parse_reply::<Vec<Named>>(reply).await?.into_iter().next())
}
