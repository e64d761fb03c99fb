//! From a reply or a fault to HTTP: status, envelope, and the headers that every answer has.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
    WWW_AUTHENTICATE,
};
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use bytes::Bytes;
use jsonrpc::{Body, Fault, Reply, envelope};
use serde_json::value::RawValue;
use service::http::TrueStatus;
use service::router::{MATCHED, REPLAYED};

use crate::{ErrorStatus, Gateway};

/// Odoo's own.
const JSON: &str = "application/json; charset=utf-8";

/// A door's manner of telling errors.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The add-on's routes: the status is the truth, unless the configuration says otherwise.
    AddOn,
    /// Its GET and DELETE, whose `error.message` is the reason.
    AddOnPlain,
    /// Odoo's own doors: always 200, but for what can't be read.
    Odoo,
}

fn response(gateway: &Gateway, status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, JSON));
    response.insert_header((CACHE_CONTROL, "no-store"));
    response.insert_header((REFERRER_POLICY, "no-referrer"));
    response.insert_header(("x-content-type-options", "nosniff"));
    response.insert_header(("x-frame-options", "DENY"));
    response.insert_header(("content-security-policy", "default-src 'none'; frame-ancestors 'none'"));
    if gateway.config.cookie_secure {
        response.insert_header((STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    }
    response
}

fn with_facts(response: &mut HttpResponseBuilder, reply: &Reply) {
    if let Some(matched) = reply.matched {
        response.insert_header((MATCHED, matched));
    }
    if reply.replayed {
        response.insert_header((REPLAYED, "true"));
    }
}

/// An answer without an envelope.
pub fn bare(gateway: &Gateway, reply: Reply) -> HttpResponse {
    let mut response = response(gateway, StatusCode::OK);
    with_facts(&mut response, &reply);
    response.body(service::http::body(reply.body))
}

/// A printed document.
pub fn pdf(gateway: &Gateway, name: &str, reply: Reply) -> HttpResponse {
    let mut response = response(gateway, StatusCode::OK);
    response.insert_header((CONTENT_TYPE, "application/pdf"));
    response.insert_header((CONTENT_DISPOSITION, format!("inline; filename=\"{name}.pdf\"")));
    response.body(service::http::body(reply.body))
}

/// `{"result": …}`, as the add-on answers a DELETE.
pub fn result_only(gateway: &Gateway, reply: Reply) -> HttpResponse {
    let mut response = response(gateway, StatusCode::OK);
    with_facts(&mut response, &reply);
    response.body([br#"{"result":"#.as_slice(), whole(&reply.body), b"}"].concat())
}

/// An answer in the JSON-RPC envelope.
pub fn enveloped(gateway: &Gateway, id: Option<&RawValue>, reply: Reply) -> HttpResponse {
    let mut response = response(gateway, StatusCode::OK);
    with_facts(&mut response, &reply);
    response.body(envelope::result(id, Some(whole(&reply.body))))
}

/// An envelope around a value of the gateway's own; none: without the key `result`.
pub fn value(gateway: &Gateway, id: Option<&RawValue>, value: Option<&serde_json::Value>) -> HttpResponseBuilderWithBody {
    let body = envelope::result(id, value.map(ToString::to_string).as_deref().map(str::as_bytes));
    HttpResponseBuilderWithBody { response: response(gateway, StatusCode::OK), body: body.into() }
}

/// A response that may still get a cookie.
pub struct HttpResponseBuilderWithBody {
    /// The head.
    pub response: HttpResponseBuilder,
    body: Bytes,
}

impl HttpResponseBuilderWithBody {
    /// The response.
    pub fn finish(mut self) -> HttpResponse {
        self.response.body(self.body)
    }
}

/// What writes answer is never a stream.
fn whole(body: &Body) -> &[u8] {
    match body {
        Body::Whole(bytes) => bytes,
        Body::Stream(_) => b"null",
    }
}

/// An error in the envelope.
pub fn refused(gateway: &Gateway, manner: Manner, id: Option<&RawValue>, fault: &Fault) -> HttpResponse {
    let told = match manner {
        Manner::AddOn | Manner::AddOnPlain if gateway.config.error_status == ErrorStatus::True => fault.status,
        // What can't be read has no other way of being told
        _ if matches!(fault.status, 400 | 404 | 405 | 408 | 413 | 415) && fault.name.starts_with("werkzeug") => fault.status,
        _ => 200,
    };
    let mut response = response(gateway, StatusCode::from_u16(told).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    if told == 401 {
        response.insert_header((WWW_AUTHENTICATE, "Bearer"));
    }
    if let Some(seconds) = fault.retry_after {
        response.insert_header((RETRY_AFTER, seconds));
    }
    if told == 415 {
        response.insert_header((ACCEPT_ENCODING, "identity"));
    }
    let mut response =
        response.body(if manner == Manner::AddOnPlain { envelope::error_with_reason(id, fault) } else { envelope::error(id, fault) });
    if told != fault.status {
        // Whoever watches is not told that all is well
        response.extensions_mut().insert(TrueStatus(fault.status));
    }
    response
}

fn wrong_method(gateway: &Gateway, allowed: &'static str) -> HttpResponse {
    let fault = Fault::http(405, format!("405: Method Not Allowed: possible here: {allowed}"));
    let mut response = refused(gateway, Manner::AddOn, None, &fault);
    response.headers_mut().insert(ALLOW, actix_web::http::header::HeaderValue::from_static(allowed));
    response
}

/// 405 where only POST is possible.
pub async fn only_post(gateway: web::Data<Gateway>) -> HttpResponse {
    wrong_method(&gateway, "POST")
}

/// 405 where only GET is possible.
pub async fn only_get(gateway: web::Data<Gateway>) -> HttpResponse {
    wrong_method(&gateway, "GET, HEAD")
}

/// 405 on a model's route.
pub async fn only_rest(gateway: web::Data<Gateway>) -> HttpResponse {
    wrong_method(&gateway, "GET, HEAD, POST, PUT, DELETE")
}

/// 405 on a record's route.
pub async fn only_rest_record(gateway: web::Data<Gateway>) -> HttpResponse {
    wrong_method(&gateway, "GET, HEAD, PUT, DELETE")
}

/// 404 for any other path.
pub async fn no_such_path(gateway: web::Data<Gateway>) -> HttpResponse {
    refused(&gateway, Manner::AddOn, None, &Fault::not_found())
}
