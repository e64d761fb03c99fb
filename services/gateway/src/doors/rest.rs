//! `/api/{model}`: the add-on's REST routes, which the seed's clients use.

use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use jsonrpc::envelope::{Request, text_or_unset};
use jsonrpc::{Call, Fault, Params};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::Gateway;
use crate::answer::{self, Manner};
use crate::bodies::{Says, Sent};
use crate::doors::{idempotency, need_json, pairs};

/// `GET /api/{model}/?query=&filter=&order=&page_size=&page=&limit=&offset=&after=`
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
        Err(fault) => answer::refused(gateway, Manner::AddOnPlain, None, &fault),
    }
}

/// A record's number in a path; anything else is no path of ours.
pub fn number(id: &str) -> Result<i64, Fault> {
    id.parse().map_err(|_unread| Fault::not_found())
}

/// The parameters of a query string, by their own names and by those that other programs have for them.
const PARAMETERS: &[(&str, &str)] = &[
    ("after", "after"),
    ("context", "context"),
    ("domain", "filter"),
    ("fields", "query"),
    ("filter", "filter"),
    ("limit", "limit"),
    ("offset", "offset"),
    ("order", "order"),
    ("page", "page"),
    ("page_size", "page_size"),
    ("query", "query"),
    ("sort", "order"),
];

/// The query string's parameters, those that are known; others are left out, as the add-on does. `filter` and `context` are
/// JSON, the others text.
fn query_params(request: &HttpRequest) -> Result<Params, Fault> {
    let mut params = Params::default();
    for (name, text) in pairs(request.query_string()) {
        let (stem, bracket) = name.split_once('[').map_or((name.as_str(), false), |(stem, _)| (stem, true));
        let Some((_, meant)) = PARAMETERS.iter().find(|(known, _)| *known == stem) else { continue };
        if bracket {
            // What PHP and others make of a list
            let (name, example) = (name.chars().take(80).collect::<String>(), example(meant));
            return Err(Fault::malformed(format!("`{name}` is not read: one `{meant}` was expected, {example}")));
        }
        let text = text?;
        // A walk begins with an empty `after`; any other that is empty is not given
        if text.trim().is_empty() && *meant != "after" {
            continue;
        }
        let raw: Box<RawValue> = match *meant {
            "filter" | "context" => {
                serde_json::from_str(&text).map_err(|error| Fault::bad_domain(format!("`{name}` is no JSON: {error}")))?
            }
            "query" if stem == "fields" => to_raw_value(&fields(&text)?).map_err(|error| Fault::unread(stem, &error))?,
            _ => to_raw_value(&text).map_err(|error| Fault::unread(stem, &error))?,
        };
        if params.raw(meant).is_some_and(|given| given.get() != raw.get()) {
            return Err(Fault::malformed(format!("`{meant}` is given twice, the second time as `{stem}`: which one is meant?")));
        }
        params.set_raw(meant, &raw);
    }
    Ok(params)
}

/// How a parameter is written.
fn example(name: &str) -> &'static str {
    match name {
        "filter" => r#"Odoo's domain in JSON: filter=[["name","ilike","tv"]]"#,
        "context" => r#"an object in JSON: context={"active_test":false}"#,
        "query" => "the fields in braces: query={id,name}",
        "order" => "fields after one another: order=name desc,id",
        _ => "a whole number",
    }
}

/// `fields=name,email` or `fields=["name","email"]`, as a query.
fn fields(text: &str) -> Result<String, Fault> {
    let names: Vec<String> = match text.trim().starts_with('[') {
        true => serde_json::from_str(text).map_err(|error| Fault::unread("fields", &error))?,
        false => text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect(),
    };
    let is_name = |name: &String| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '*');
    if let Some(other) = names.iter().find(|name| !is_name(name)) {
        let other: String = other.chars().take(80).collect();
        return Err(Fault::malformed(format!(
            "`fields`: '{other}' is no field's name; what others' records hold is asked for by query={{id,categ_id{{name}}}}"
        )));
    }
    Ok(if names.is_empty() { String::new() } else { format!("{{{}}}", names.join(",")) })
}

/// What a change's `params` may hold. Data and filter stay as they came.
#[derive(Default, Deserialize)]
struct Change<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "domain")]
    filter: Option<&'a RawValue>,
    #[serde(borrow, default)]
    context: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "text_or_unset")]
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
    let manner = if method == "unlink" { Manner::AddOnPlain } else { Manner::AddOn };
    let body = match gateway.body(request, payload, Says::Session).await {
        Ok(body) => body,
        Err(fault) => return answer::refused(gateway, manner, None, &fault),
    };
    let envelope = if body.is_empty() { Ok(Request::default()) } else { need_json(request).and_then(|()| Request::parse(&body)) };
    let envelope = match envelope {
        Ok(envelope) => envelope,
        Err(fault) => {
            let who = gateway.session(request, None).await.ok();
            gateway.note_refusal(request, who.as_deref(), &body, &fault);
            return answer::refused(gateway, manner, None, &fault);
        }
    };
    let mut who = None;
    let answer = async {
        let params: Change<'_> = envelope.read()?;
        let session = gateway.session(request, params.session_id.as_deref()).await?;
        who = Some(session.clone());
        let token = gateway.token(&session, &model).map_err(|fault| match method {
            "unlink" => fault,
            _ => fault.of_a_body(),
        })?;
        let mut call = Call::new(model.as_str(), method, token);
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
            answer::refused(gateway, manner, envelope.id, &fault)
        }
    }
}

/// A request's whole body.
///
/// # Errors
/// 415, and those of [`Gateway::body`].
pub async fn json_body(request: &HttpRequest, payload: Payload, gateway: &Gateway, says: Says) -> Result<Sent, Fault> {
    let body = gateway.body(request, payload, says).await?;
    need_json(request)?;
    Ok(body)
}
