//! `/api/{model}`: the add-on's REST routes, which the seed's clients use.

use actix_web::web::{self, Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use jsonrpc::envelope::Request;
use jsonrpc::{Call, Fault, Params};
use serde::Deserialize;
use serde_json::value::RawValue;
use service::http::read_body;

use crate::Gateway;
use crate::answer::{self, Manner};
use crate::doors::{idempotency, need_json};

/// `GET /api/{model}/?query=&filter=&order=&page_size=&page=&limit=&after=`
pub async fn list(request: HttpRequest, path: web::Path<String>, gateway: web::Data<Gateway>) -> HttpResponse {
    bare(&gateway, search(&request, path.into_inner(), &gateway).await)
}

async fn search(request: &HttpRequest, model: String, gateway: &Gateway) -> Result<jsonrpc::Reply, Fault> {
    let session = gateway.session(request, None).await?;
    let params = query_params(request)?;
    let call = Call { params, ..Call::new(model.as_str(), "search_read", gateway.token(&session, &model)?) };
    gateway.send_across(request, &session, call).await
}

/// `GET /api/{model}/{id}?query=`
pub async fn read(request: HttpRequest, path: web::Path<(String, String)>, gateway: web::Data<Gateway>) -> HttpResponse {
    let (model, id) = path.into_inner();
    let answer = async {
        let session = gateway.session(&request, None).await?;
        let params = query_params(&request)?;
        let token = gateway.token(&session, &model)?;
        let call = Call { params, ..Call::new(model.as_str(), "read", token) }.with("id", &number(&id)?);
        gateway.send_across(&request, &session, call).await
    };
    bare(&gateway, answer.await)
}

fn bare(gateway: &Gateway, answer: Result<jsonrpc::Reply, Fault>) -> HttpResponse {
    match answer {
        Ok(reply) => answer::bare(gateway, reply),
        Err(fault) => answer::refused(gateway, Manner::AddOn, None, &fault),
    }
}

/// A record's number in a path; anything else is no path of ours.
pub fn number(id: &str) -> Result<i64, Fault> {
    id.parse().map_err(|_unread| Fault::not_found())
}

/// The query string's parameters, those that are known. `filter` and `context` are JSON, the others text.
fn query_params(request: &HttpRequest) -> Result<Params, Fault> {
    let mut params = Params::default();
    if request.query_string().is_empty() {
        return Ok(params);
    }
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
        .map_err(|error| Fault::malformed(format!("the query string can't be read: {error}")))?;
    for (name, text) in pairs.into_inner() {
        match name.as_str() {
            "filter" | "context" if text.trim().is_empty() => {}
            "filter" | "context" => {
                let raw: &RawValue =
                    serde_json::from_str(&text).map_err(|error| Fault::bad_domain(format!("`{name}` is no JSON: {error}")))?;
                params.set_raw(&name, raw);
            }
            "query" | "order" | "page" | "page_size" | "limit" | "after" => params.set(&name, &text),
            _ => {}
        }
    }
    Ok(params)
}

/// What a change's `params` may hold. Data and filter stay as they came.
#[derive(Default, Deserialize)]
struct Change<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    filter: Option<&'a RawValue>,
    #[serde(borrow, default)]
    context: Option<&'a RawValue>,
    #[serde(default)]
    session_id: Option<String>,
}

/// `POST /api/{model}/`
pub async fn create(request: HttpRequest, path: web::Path<String>, payload: Payload, gateway: web::Data<Gateway>) -> HttpResponse {
    change(&request, "create", path.into_inner(), None, payload, &gateway).await
}

/// The parts of a record's path, or of a model's.
#[derive(Deserialize)]
pub struct Target {
    model: String,
    id: Option<String>,
}

/// `PUT /api/{model}/` with a filter, `PUT /api/{model}/{id}`
pub async fn write(request: HttpRequest, path: web::Path<Target>, payload: Payload, gateway: web::Data<Gateway>) -> HttpResponse {
    let target = path.into_inner();
    change(&request, "write", target.model, target.id, payload, &gateway).await
}

/// `DELETE /api/{model}/?filter=`, `DELETE /api/{model}/{id}`
pub async fn unlink(request: HttpRequest, path: web::Path<Target>, payload: Payload, gateway: web::Data<Gateway>) -> HttpResponse {
    let target = path.into_inner();
    change(&request, "unlink", target.model, target.id, payload, &gateway).await
}

async fn change(
    request: &HttpRequest,
    method: &str,
    model: String,
    id: Option<String>,
    payload: Payload,
    gateway: &Gateway,
) -> HttpResponse {
    let body = match read_body(payload, gateway.max_body).await {
        Ok(body) => body,
        Err(fault) => return answer::refused(gateway, Manner::AddOn, None, &fault),
    };
    let envelope = if body.is_empty() { Ok(Request::default()) } else { need_json(request).and_then(|()| Request::parse(&body)) };
    let envelope = match envelope {
        Ok(envelope) => envelope,
        Err(fault) => {
            gateway.note_refusal(request, None, &body, &fault);
            return answer::refused(gateway, Manner::AddOn, None, &fault);
        }
    };
    let mut who = None;
    let answer = async {
        let params: Change<'_> = match envelope.params {
            Some(raw) if raw.get() != "null" => {
                serde_json::from_str(raw.get()).map_err(|error| Fault::malformed(format!("`params`: {error}")))?
            }
            _ => Change::default(),
        };
        let session = gateway.session(request, params.session_id.as_deref()).await?;
        who = Some(session.clone());
        let mut call = Call::new(model.as_str(), method, gateway.token(&session, &model)?);
        if method == "unlink" {
            call.params = query_params(request)?;
        }
        for (name, raw) in [("data", params.data), ("filter", params.filter), ("context", params.context)] {
            if let Some(raw) = raw {
                call.params.set_raw(name, raw);
            }
        }
        if let Some(id) = &id {
            call.params.set("id", &number(id)?);
        }
        call.idempotency = idempotency(request, &body)?;
        gateway.send_across(request, &session, call).await
    };
    match answer.await {
        Ok(reply) if method == "unlink" => answer::result_only(gateway, reply),
        Ok(reply) => answer::enveloped(gateway, envelope.id, reply),
        Err(fault) => {
            gateway.note_refusal(request, who.as_deref(), &body, &fault);
            answer::refused(gateway, Manner::AddOn, envelope.id, &fault)
        }
    }
}

/// A request's whole body.
///
/// # Errors
/// 413, 408, 400, 415.
pub async fn json_body(request: &HttpRequest, payload: Payload, gateway: &Gateway) -> Result<Bytes, Fault> {
    let body = read_body(payload, gateway.max_body).await?;
    need_json(request)?;
    Ok(body)
}
