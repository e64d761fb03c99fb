//! `/openapi.json` and, for people, `/docs`: Swagger UI out of this program, with nothing from another host.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use jsonrpc::Fault;
use moka::future::Cache;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::Gateway;
use crate::answer::{self, Manner};

/// How long the document is kept: a service that is new shows after that.
const KEPT: Duration = Duration::from_secs(60);

/// The document's text, as it was made last.
pub type Kept = Cache<(), Bytes>;

/// None yet.
pub fn none() -> Kept {
    Cache::builder().max_capacity(1).time_to_live(KEPT).build()
}

/// `GET /openapi.json`
pub async fn document(gateway: web::Data<Gateway>) -> HttpResponse {
    let made = async { Ok::<_, Fault>(Bytes::from(gateway.openapi().await?.to_string())) };
    match gateway.document.try_get_with((), made).await {
        Ok(text) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "application/json"))
            .insert_header((CACHE_CONTROL, "max-age=60"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(text),
        Err(fault) => answer::refused(&gateway, Manner::AddOn, None, &Arc::unwrap_or_clone(fault)),
    }
}

/// `GET /docs/`
pub fn swagger() -> SwaggerUi {
    SwaggerUi::new("/{_:.*}").config(Config::from("/openapi.json").try_it_out_enabled(true).persist_authorization(false))
}

/// The page's own scripts and styles, and no others.
pub async fn guard(request: ServiceRequest, next: Next<impl MessageBody>) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}
