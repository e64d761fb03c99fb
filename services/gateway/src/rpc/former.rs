//! Methods that Odoo had until some version, and that clients still call: each is one that there is.

use std::collections::BTreeMap;

use bytes::Bytes;
use jsonrpc::Fault;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Invocation;

/// What an answer becomes for who asked by a former name.
pub(super) type Answered = fn(Bytes) -> Result<Bytes, Fault>;

/// A call by a name of today, and what its answer becomes.
///
/// # Errors
/// For an argument that can't be read.
pub(super) fn today(invocation: Invocation) -> Result<(Invocation, Answered), Fault> {
    let as_it_is: Answered = Ok;
    match (invocation.model.as_str(), invocation.method.as_str()) {
        // Of older ones
        (_, "fields_get_keys") => {
            let attributes = r#"["type"]"#;
            let context = invocation.kwargs.into_iter().filter(|(name, _)| name == "context");
            let kwargs = context.chain([("attributes".to_owned(), raw(attributes)?)]).collect();
            Ok((Invocation { method: "fields_get".to_owned(), args: Vec::new(), kwargs, ..invocation }, names))
        }
        // May the user do so to any record of a model
        ("ir.model.access", "check") => {
            let Invocation { args, mut kwargs, .. } = invocation;
            let mut args = args.into_iter();
            let mut next = |name: &str| args.next().or_else(|| kwargs.remove(name));
            let model = next("model").ok_or_else(|| Fault::type_error("check() missing 1 required positional argument: 'model'"))?;
            let model = serde_json::from_str(model.get()).map_err(|error| Fault::unread("model", &error))?;
            let mode = next("mode").map_or_else(|| raw(r#""read""#), Ok)?;
            let args = [mode].into_iter().chain(next("raise_exception")).collect();
            Ok((Invocation { model, method: "check_access_rights".to_owned(), args, kwargs: BTreeMap::new() }, as_it_is))
        }
        _ => Ok((invocation, as_it_is)),
    }
}

fn raw(json: &str) -> Result<Box<RawValue>, Fault> {
    RawValue::from_string(json.to_owned()).map_err(|error| process::our_fault("gateway", "a text of ours is not JSON", &error))
}

/// The names of what `fields_get` tells.
fn names(fields: Bytes) -> Result<Bytes, Fault> {
    let fields: BTreeMap<String, IgnoredAny> =
        serde_json::from_slice(&fields).map_err(|error| process::our_fault("gateway", "fields are not an object", &error))?;
    Ok(Value::from_iter(fields.into_keys()).to_string().into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn today(model: &str, method: &str, args: Value, kwargs: Value) -> Result<(String, Value), Fault> {
        let (args, kwargs) = (serde_json::from_value(args).unwrap(), serde_json::from_value(kwargs).unwrap());
        let (now, _) = super::today(Invocation { model: model.to_owned(), method: method.to_owned(), args, kwargs })?;
        Ok((format!("{}.{}", now.model, now.method), json!([now.args, now.kwargs])))
    }

    #[test]
    fn former_methods_are_those_of_today() {
        let keys = today("res.partner", "fields_get_keys", json!([]), json!({"context": {"lang": "fr_FR"}})).unwrap();
        let expected = json!([[], {"attributes": ["type"], "context": {"lang": "fr_FR"}}]);
        assert_eq!(keys, ("res.partner.fields_get".to_owned(), expected));
        assert_eq!(names(r#"{"b": {"type": "char"}, "a": {}}"#.into()).unwrap(), r#"["a","b"]"#);

        let check = |args, kwargs| today("ir.model.access", "check", args, kwargs);
        let rights = "res.partner.check_access_rights".to_owned();
        assert_eq!(check(json!(["res.partner"]), json!({})), Ok((rights.clone(), json!([["read"], {}]))));
        let all = json!([["write", false], {}]);
        assert_eq!(check(json!(["res.partner", "write", false]), json!({})), Ok((rights.clone(), all.clone())));
        assert_eq!(check(json!(["res.partner"]), json!({"mode": "write", "raise_exception": false})), Ok((rights, all)));
        assert_eq!(check(json!([]), json!({})).unwrap_err().name, "builtins.TypeError");
        let other = today("res.partner", "check", json!([1]), json!({})).unwrap();
        assert_eq!(other, ("res.partner.check".to_owned(), json!([[1], {}])));
    }
}
