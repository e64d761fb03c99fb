//! The console's pages, which browsers ask for at `/` and under `/web`: its process makes them, and they are passed on as they are.

use std::sync::Arc;

use actix_web::guard::{GuardContext, fn_guard};
use actix_web::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, TRANSFER_ENCODING};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, http};
use futures_util::TryStreamExt;
use jsonrpc::Fault;
use process::router::Client;

use crate::answer::{Answer, as_the_add_on};
use crate::bodies::Says;
use crate::callers::FORWARDED_FOR;
use crate::incoming::Incoming;

/// Adds the routes of pages.
pub type Pages = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// No pages: a hub without a console.
pub fn none() -> Pages {
    Arc::new(|_| {})
}

/// Those of the console's process at a base URL.
///
/// # Errors
/// When there can't be an HTTP client.
pub fn at(url: &str) -> anyhow::Result<Pages> {
    let console = web::Data::new(Console { url: url.trim_end_matches('/').to_owned(), client: process::router::client()? });
    Ok(Arc::new(move |config: &mut ServiceConfig| {
        config.app_data(console.clone());
        for path in ["/", "/web", "/web/{rest:.*}"] {
            config.service(web::resource(path).guard(fn_guard(is_a_browsers)).default_service(web::to(pass)));
        }
    }))
}

/// Whether a browser's page may have sent the request: programs that speak JSON to a path of Odoo's that is not here get JSON.
pub fn is_a_browsers(request: &GuardContext<'_>) -> bool {
    let head = request.head();
    let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_form = ["application/x-www-form-urlencoded", "multipart/form-data"].iter().any(|form| kind.starts_with(form));
    matches!(head.method, Method::GET | Method::HEAD) || (head.method == Method::POST && is_form)
}

/// The console's process.
struct Console {
    url: String,
    client: Client,
}

/// What stays on this side of a proxy (RFC 9110, 7.6.1), and what the two clients say of their own messages.
const OWN: [HeaderName; 5] = [CONNECTION, HOST, TRANSFER_ENCODING, CONTENT_LENGTH, HeaderName::from_static("keep-alive")];

async fn pass(mut incoming: Incoming, console: web::Data<Console>) -> Answer {
    let answer = passed(&mut incoming, &console).await;
    incoming.told(as_the_add_on, answer)
}

async fn passed(incoming: &mut Incoming, console: &Console) -> Result<HttpResponse, Fault> {
    let away = || Fault::unavailable("The console is away. Try again.");
    let body = incoming.body(Says::Session).await?.bytes;
    let request = &incoming.request;
    let target = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let url = format!("{}{target}", console.url);
    let mut sent = if *request.method() == Method::POST { console.client.post(url) } else { console.client.get(url) };
    for (name, value) in request.headers() {
        if !OWN.contains(name) && name.as_str() != FORWARDED_FOR && name.as_str() != "traceparent" {
            sent = sent.header(name.as_str(), value.as_bytes());
        }
    }
    let address = incoming.gateway.callers.address(request);
    let host = request.headers().get(HOST).map_or(&[][..], |host| host.as_bytes());
    sent = sent.header(FORWARDED_FOR, address).header("x-forwarded-host", host).header("traceparent", process::http::traceparent(request));
    let answer = sent.body(body).send().await.map_err(|error| {
        tracing::warn!(error = %error.without_url(), "the console can't be reached");
        away()
    })?;
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY));
    for (name, value) in answer.headers() {
        if !OWN.iter().any(|own| own.as_str() == name.as_str()) {
            response.append_header((name.as_str(), value.as_bytes()));
        }
    }
    Ok(response.streaming(answer.bytes_stream().map_err(|error| std::io::Error::other(error.without_url().to_string()))))
}
