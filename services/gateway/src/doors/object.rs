//! `/object/{model}/{method}` and `/object/{model}/{id}/{method}`: public methods of models, with `args` and `kwargs`.

use std::collections::BTreeMap;

use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use jsonrpc::envelope::Request;
use jsonrpc::{Call, Fault, Params};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::Gateway;
use crate::answer::{self, Manner};
use crate::bodies::Says;
use crate::doors::idempotency;
use crate::doors::rest::{json_body, number};

/// The parts of the path.
#[derive(Deserialize)]
pub struct Target {
    model: String,
    id: Option<String>,
    method: String,
}

/// What may stand beside `params`.
const ENVELOPE: &[&str] = &["jsonrpc", "id", "method", "params"];

/// An argument that stands where nobody looks would be left out, and the method do more than was asked for.
fn refuse_outside(request: &HttpRequest, body: &[u8]) -> Result<(), Fault> {
    let names: BTreeMap<String, IgnoredAny> = if body.trim_ascii().is_empty() {
        BTreeMap::new()
    } else {
        serde_json::from_slice(body).map_err(|error| Fault::malformed(error.to_string()))?
    };
    let in_query = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
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

/// Methods of the record interface, which have doors of their own.
const BY_OTHER_DOORS: &[&str] = &["create", "read", "report", "search_read", "unlink", "write"];

/// `POST /object/{model}/{method}`, `POST /object/{model}/{id}/{method}`
pub async fn call(request: HttpRequest, path: web::Path<Target>, payload: Payload, gateway: web::Data<Gateway>) -> HttpResponse {
    let body = match json_body(&request, payload, &gateway, Says::Session).await {
        Ok(body) => body,
        Err(fault) => return answer::refused(&gateway, Manner::AddOn, None, &fault),
    };
    let envelope = match Request::parse(&body) {
        Ok(envelope) => envelope,
        Err(fault) => return answer::refused(&gateway, Manner::AddOn, None, &fault),
    };
    let mut who = None;
    let answer = async {
        let target = path.into_inner();
        let mut params: Params = envelope.read()?;
        let session_id = params.remove("session_id").and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        let session_id = session_id.filter(|id| !id.trim().is_empty());
        let session = gateway.session(&request, session_id.as_deref()).await?;
        who = Some(session.clone());
        let token = gateway.token(&session, &target.model)?;
        if BY_OTHER_DOORS.contains(&target.method.as_str()) {
            return Err(Fault::no_such_method(&target.model, &target.method));
        }
        refuse_outside(&request, &body)?;
        if let Some(id) = &target.id {
            if params.raw("ids").is_some() {
                return Err(Fault::validation("`ids` and the address both say which records are meant: give one"));
            }
            params.set("ids", &[number(id)?]);
        }
        let mut call = Call { params, ..Call::new(target.model, target.method, token) };
        // A key is shown once and kept as a hash: its answer is not kept beside it
        call.idempotency = idempotency(&request, &body)?.filter(|_| call.method != "action_new_api_key");
        gateway.send(&request, call).await
    };
    match answer.await {
        Ok(reply) => answer::enveloped(&gateway, envelope.id, reply),
        Err(fault) => {
            gateway.note_refusal(&request, who.as_deref(), &body, &fault);
            answer::refused(&gateway, Manner::AddOn, envelope.id, &fault)
        }
    }
}
