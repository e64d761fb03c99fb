//! `/object/{model}/{method}` and `/object/{model}/{id}/{method}`: public methods of models, with `args` and `kwargs`.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use jsonrpc::envelope::text_or_unset;
use jsonrpc::{Call, Fault, Params};
use records::methods;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::answer::{Answer, as_the_add_on};
use crate::bodies::Says;
use crate::incoming::Incoming;
use crate::query::number;
use crate::rpc::{Invocation, is_shown_once};

/// The parts of the path.
#[derive(Deserialize)]
pub struct Target {
    model: String,
    id: Option<String>,
    method: String,
}

/// What may stand beside `params`.
const ENVELOPE: &[&str] = &["jsonrpc", "id", "method", "params"];

/// `POST /object/{model}/{method}`, `POST /object/{model}/{id}/{method}`
pub async fn call(mut incoming: Incoming, path: web::Path<Target>) -> Answer {
    let answer = act(&mut incoming, path.into_inner()).await;
    incoming.told(as_the_add_on, answer)
}

async fn act(incoming: &mut Incoming, target: Target) -> Result<HttpResponse, Fault> {
    let body = incoming.json(Says::Session).await?;
    let envelope = incoming.envelope(&body)?;
    incoming.note_refusals(&body);
    let mut params: Params = envelope.read()?;
    let session_id = session_id(&mut params)?;
    let session = incoming.session(session_id.as_deref()).await?;
    let call = session.call(&target.model, &target.method)?;
    // Documents have a door of their own
    if target.method == "report" {
        return Err(Fault::no_such_method(&target.model, &target.method));
    }
    refuse_outside(incoming.request.query_string(), &body)?;
    if let Some(id) = &target.id {
        if params.raw("ids").is_some() {
            return Err(Fault::validation("`ids` and the address both say which records are meant: give one"));
        }
        params.set("ids", &[number(id)?]);
    }
    if methods::method(&target.method).is_some() {
        let result = of_the_orm(target, params)?.run(incoming, &session, &body).await?;
        return Ok(incoming.answers().in_odoos_envelope(incoming.id(), &result));
    }
    let idempotency = incoming.idempotency(&body)?.filter(|_| !is_shown_once(&call.method));
    let reply = incoming.send(Call { params, idempotency, ..call }).await?;
    incoming.answers().enveloped(incoming.id(), reply).await
}

/// A method of the ORM's, whose arguments stand in `args` and `kwargs`, or by their names in `params`.
fn of_the_orm(target: Target, mut params: Params) -> Result<Invocation, Fault> {
    let mut given = |name: &str| params.remove(name).filter(|raw| raw.get() != "null");
    let args: Vec<Box<RawValue>> =
        given("args").map_or(Ok(Vec::new()), |raw| serde_json::from_str(raw.get()).map_err(|error| Fault::unread("args", &error)))?;
    let mut kwargs: BTreeMap<String, Box<RawValue>> = given("kwargs")
        .map_or(Ok(BTreeMap::new()), |raw| serde_json::from_str(raw.get()).map_err(|error| Fault::unread("kwargs", &error)))?;
    // The address says which records are meant: what stands in order are the arguments after them
    let ids = if target.id.is_some() { given("ids") } else { None };
    kwargs.extend(params.iter().map(|(name, raw)| (name.to_owned(), raw.to_owned())));
    Ok(Invocation { model: target.model, method: target.method, args: ids.into_iter().chain(args).collect(), kwargs })
}

/// The session among the parameters, which is no argument of the method's.
fn session_id(params: &mut Params) -> Result<Option<String>, Fault> {
    let Some(raw) = params.remove("session_id") else { return Ok(None) };
    text_or_unset(&mut serde_json::Deserializer::from_str(raw.get())).map_err(|error| Fault::unread("session_id", &error))
}

/// An argument that stands where nobody looks would be left out, and the method do more than was asked for.
fn refuse_outside(query: &str, body: &[u8]) -> Result<(), Fault> {
    let names: BTreeMap<String, IgnoredAny> = if body.trim_ascii().is_empty() {
        BTreeMap::new()
    } else {
        serde_json::from_slice(body).map_err(|error| Fault::malformed(error.to_string()))?
    };
    let in_query = web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|error| Fault::malformed(format!("the query string can't be read: {error}")))?;
    let in_query = in_query.iter().map(|(name, _)| name).find(|name| !matches!(name.as_str(), "session_id" | "db"));
    match names.keys().find(|name| !ENVELOPE.contains(&name.as_str())).or(in_query) {
        None => Ok(()),
        Some(name) => {
            let name: String = name.chars().take(80).collect();
            Err(Fault::validation(format!("'{name}' stands outside of `params`: a method's arguments stand in it, by their names")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_among_the_arguments_is_a_text_or_unset() {
        let read = |json: &str| session_id(&mut serde_json::from_str(json).unwrap());
        assert_eq!(read(r#"{"session_id": "abc", "kinds": 1}"#), Ok(Some("abc".to_owned())));
        for unset in ["{}", r#"{"session_id": false}"#, r#"{"session_id": null}"#, r#"{"session_id": " "}"#] {
            assert_eq!(read(unset), Ok(None), "{unset}");
        }
        let fault = read(r#"{"session_id": 7}"#).unwrap_err();
        assert!(fault.status == 400 && fault.message.contains("`session_id`"), "{fault}");
    }
}
