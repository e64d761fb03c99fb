//! What Odoo's clients ask of `ir.model.data` besides its records: what an external id stands for.

use jsonrpc::{Call, Dialect, Fault};
use process::parse_reply;
use records::model::clip;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Given;
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

/// `check_object_reference`, which every version has, and what 14 has besides; none for every other method.
///
/// # Errors
/// Odoo's ValueError for an external id that finds nothing for the user.
pub async fn reference(incoming: &Incoming, session: &Session, model: &str, given: &Given<'_>) -> Result<Option<Value>, Fault> {
    if model != MODEL {
        return Ok(None);
    }
    let (module, name, must) = match given.method {
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
    Ok(Some(match (given.method, found) {
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
