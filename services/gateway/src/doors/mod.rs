//! The doors, a file each.

pub mod docs;
pub mod events;
pub mod object;
pub mod report;
pub mod rest;
pub mod session;

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use jsonrpc::{Call, Fault, Idempotency, Question, Reply};
use percent_encoding::percent_decode_str;
use records::model::clip;
use service::telemetry;
use sha2::{Digest, Sha256};
use tracing::{Instrument, Span};

use crate::Gateway;
use crate::auth::Session;

/// The query string's parameters: names, and texts that are 400 where they are not UTF-8.
pub fn pairs(query: &str) -> impl Iterator<Item = (String, Result<String, Fault>)> {
    let plain = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().map(Cow::into_owned);
    query.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        let name = plain(name).unwrap_or_default();
        let text = plain(text).map_err(|error| {
            Fault::malformed(format!(
                "`{}` is not UTF-8 from its byte {}: letters beyond ASCII are sent in UTF-8",
                clip(&name),
                error.valid_up_to()
            ))
        });
        (name, text)
    })
}

/// A request that carries JSON says so, and carries it as it is.
///
/// # Errors
/// 415.
pub fn need_json(request: &HttpRequest) -> Result<(), Fault> {
    for coding in request.headers().get_all(CONTENT_ENCODING) {
        let coding = String::from_utf8_lossy(coding.as_bytes());
        if !coding.trim().is_empty() && !coding.trim().eq_ignore_ascii_case("identity") {
            let coding = clip(coding.trim());
            return Err(Fault::http(
                415,
                format!("415: Unsupported Media Type: Content-Encoding '{coding}' is not read here; send the body without it"),
            ));
        }
    }
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") || kind.eq_ignore_ascii_case("application/json-rpc") {
        return Ok(());
    }
    Err(Fault::http(415, "415: Unsupported Media Type: application/json was expected"))
}

/// The sender's `Idempotency-Key`, with what else it is bound to.
///
/// # Errors
/// 400 for a key that is empty or too long.
pub fn idempotency(request: &HttpRequest, body: &[u8]) -> Result<Option<Idempotency>, Fault> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().map_err(|_unread| Fault::malformed("Idempotency-Key: visible ASCII characters were expected"))?.trim();
    // A structured field's string has quotes; without them it is taken too
    let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
    if key.is_empty() || key.len() > 255 {
        return Err(Fault::malformed("Idempotency-Key: 1 to 255 characters were expected"));
    }
    let mut payload = Sha256::new();
    // What is kept of a body that may hold a password can't be guessed at without the key, which is not kept
    payload.update(key);
    payload.update([0]);
    payload.update(request.query_string().as_bytes());
    payload.update([0]);
    payload.update(body);
    let payload = domain::hex(&payload.finalize());
    let scope = format!("{} {}", request.method(), request.path().trim_end_matches('/'));
    Ok(Some(Idempotency { key: key.to_owned(), scope, payload }))
}

impl Gateway {
    /// Sends a request's call on its way, in the request's trace.
    ///
    /// # Errors
    /// Whatever the service says.
    pub async fn send(&self, request: &HttpRequest, call: Call) -> Result<Reply, Fault> {
        let (call, span) = traced(request, call);
        self.router.call(call).instrument(span).await
    }

    /// Asks a service what stands in its contract, in the request's trace.
    ///
    /// # Errors
    /// Whatever the service says.
    pub async fn ask<Q: Question>(&self, request: &HttpRequest, question: &Q) -> Result<Q::Answer, Fault> {
        let (call, span) = traced(request, Call::new(Q::MODEL, Q::METHOD, "".into()));
        service::ask(&self.router, &self.keyring, question, call.traceparent.as_ref()).instrument(span).await
    }

    /// The same for a call that may ask for other services' records too, on behalf of this session.
    ///
    /// # Errors
    /// Whatever the services say.
    pub async fn send_across(&self, request: &HttpRequest, session: &Session, call: Call) -> Result<Reply, Fault> {
        let (call, span) = traced(request, call);
        self.across(session, call).instrument(span).await
    }
}

/// A request's call in the request's trace, and the span that it is to run in.
fn traced(request: &HttpRequest, mut call: Call) -> (Call, Span) {
    // Finding it out matches the path again: only where someone wants it
    let traced = tracing::span_enabled!(target: telemetry::SPANS, tracing::Level::INFO);
    let route = if traced { request.match_pattern().unwrap_or_default() } else { String::new() };
    let traceparent = service::http::traceparent(request);
    let span = tracing::info_span!(
        target: telemetry::SPANS,
        "request",
        otel.name = %format_args!("{} {route}", request.method()),
        otel.kind = "server",
        http.request.method = %request.method(),
        http.route = route,
    );
    call.traceparent = Some(telemetry::adopt(&span, &traceparent).unwrap_or(traceparent));
    (call, span)
}
