//! Browsers' pages of other origins: an exact list from the configuration, and nothing else.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, web};

use crate::gateway::Gateway;

const METHODS: &str = "GET, POST, PUT, DELETE";
const HEADERS: &str = "authorization, content-type, idempotency-key, traceparent, x-openerp-session-id";
const EXPOSED: &str = "idempotency-replayed, retry-after, x-records-matched";
/// How long a browser may keep the answer to its question, in seconds.
const MAX_AGE: &str = "600";

fn allow(headers: &mut HeaderMap, origin: &HeaderValue) {
    headers.insert(HeaderName::from_static("access-control-allow-origin"), origin.clone());
    headers.insert(HeaderName::from_static("access-control-allow-credentials"), HeaderValue::from_static("true"));
    headers.insert(HeaderName::from_static("access-control-expose-headers"), HeaderValue::from_static(EXPOSED));
}

/// Answers a browser's question (204), and marks answers to pages that may read them.
///
/// # Errors
/// Those of the route.
pub async fn cors<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let allowed = request.headers().get(ORIGIN).cloned().filter(|origin| {
        let gateway = request.app_data::<web::Data<Gateway>>();
        gateway.is_some_and(|gateway| gateway.config.cors_origins.iter().any(|known| origin == known.as_str()))
    });
    if let Some(origin) = &allowed
        && request.method() == Method::OPTIONS
        && request.headers().contains_key("access-control-request-method")
    {
        let mut response = HttpResponse::NoContent();
        response.insert_header(("access-control-allow-methods", METHODS)).insert_header(("access-control-allow-headers", HEADERS));
        response.insert_header(("access-control-max-age", MAX_AGE)).insert_header((VARY, "Origin"));
        let mut response = response.finish();
        allow(response.headers_mut(), origin);
        return Ok(request.into_response(response).map_into_right_body());
    }
    let mut response = next.call(request).await?;
    if let Some(origin) = &allowed {
        allow(response.headers_mut(), origin);
    }
    response.headers_mut().append(VARY, HeaderValue::from_static("Origin"));
    Ok(response.map_into_left_body())
}
