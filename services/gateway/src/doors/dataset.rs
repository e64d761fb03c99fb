//! `/web/dataset`: the API of Odoo's web client, in a session.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use bytes::Bytes;
use jsonrpc::Fault;
use jsonrpc::envelope::text_or_unset;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::{Answer, as_odoo};
use crate::bodies::Says;
use crate::incoming::Incoming;
use crate::rpc::Invocation;

#[derive(Default, Deserialize)]
struct Params {
    model: Option<String>,
    method: Option<String>,
    #[serde(default)]
    args: Option<Vec<Box<RawValue>>>,
    #[serde(default)]
    kwargs: Option<BTreeMap<String, Box<RawValue>>>,
    #[serde(default, deserialize_with = "text_or_unset")]
    session_id: Option<String>,
}

/// The parts of the path, which name what `params` may leave out.
#[derive(Deserialize)]
pub struct Target {
    model: Option<String>,
    method: Option<String>,
}

/// `POST /web/dataset/call_kw`, `POST /web/dataset/call_kw/{model}/{method}`
pub async fn call_kw(mut incoming: Incoming, path: web::Path<Target>) -> Answer {
    let answer = called(&mut incoming, path.into_inner()).await;
    let answer = answer.map(|result| incoming.answers().in_odoos_envelope(incoming.id(), &result));
    incoming.told(as_odoo, answer)
}

/// `POST /web/dataset/call_button`: an action that the web client is to do next, or false.
pub async fn call_button(mut incoming: Incoming, path: web::Path<Target>) -> Answer {
    let answer = called(&mut incoming, path.into_inner()).await;
    let answer = answer.map(|result| {
        let next: &[u8] = if result.starts_with(b"{") { &result } else { b"false" };
        incoming.answers().in_odoos_envelope(incoming.id(), next)
    });
    incoming.told(as_odoo, answer)
}

/// `POST /web/dataset/search_read`: `{length, records}`
pub async fn search_read(mut incoming: Incoming) -> Answer {
    let answer = found(&mut incoming).await;
    incoming.told(as_odoo, answer)
}

async fn called(incoming: &mut Incoming, target: Target) -> Result<Bytes, Fault> {
    let body = incoming.json(Says::Session).await?;
    let params: Params = incoming.envelope(&body)?.read()?;
    incoming.note_refusals(&body);
    let session = incoming.session(params.session_id.as_deref()).await?;
    let missing = |name: &str| Fault::type_error(format!("call_kw() missing 1 required positional argument: '{name}'"));
    let model = params.model.or(target.model).ok_or_else(|| missing("model"))?;
    let method = params.method.or(target.method).ok_or_else(|| missing("method"))?;
    let (args, kwargs) = (params.args.unwrap_or_default(), params.kwargs.unwrap_or_default());
    Invocation { model, method, args, kwargs }.run(incoming, &session, &body).await
}

async fn found(incoming: &mut Incoming) -> Result<HttpResponse, Fault> {
    let body = incoming.json(Says::Session).await?;
    let mut params: jsonrpc::Params = incoming.envelope(&body)?.read()?;
    let session_id = params.remove("session_id");
    let session_id: Option<String> = session_id.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let session = incoming.session(session_id.as_deref()).await?;
    let model: Option<String> = params.get("model")?;
    let model = model.ok_or_else(|| Fault::type_error("search_read() missing 1 required positional argument: 'model'"))?;
    let mut kwargs = BTreeMap::new();
    for (from, to) in
        [("context", "context"), ("domain", "domain"), ("limit", "limit"), ("offset", "offset"), ("sort", "order"), ("fields", "fields")]
    {
        kwargs.extend(params.remove(from).filter(|raw| raw.get() != "null").map(|raw| (to.to_owned(), raw)));
    }
    if !kwargs.contains_key("fields") {
        let all =
            RawValue::from_string("[]".to_owned()).map_err(|error| process::our_fault("gateway", "a list can't be written", &error))?;
        kwargs.insert("fields".to_owned(), all);
    }
    let invocation = Invocation { model, method: "web_search_read".to_owned(), args: Vec::new(), kwargs };
    let result = invocation.run(incoming, &session, &body).await?;
    Ok(incoming.answers().in_odoos_envelope(incoming.id(), &result))
}
