//! `/openapi.json` and, for people, `/docs`: Swagger UI out of this program, with nothing from another host.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use jsonrpc::Fault;
use moka::future::Cache;
use utoipa_swagger_ui::Config;

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

/// The page's own scripts and styles, and no others.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// `GET /docs`
pub async fn page(gateway: web::Data<Gateway>) -> HttpResponse {
    part(gateway, String::new().into()).await
}

/// `GET /docs/{part}`: what the page consists of.
pub async fn part(gateway: web::Data<Gateway>, part: web::Path<String>) -> HttpResponse {
    let config = Config::from("/openapi.json").try_it_out_enabled(true).persist_authorization(false);
    let Ok(Some(file)) = utoipa_swagger_ui::serve(&part, Arc::new(config)) else { return answer::no_such_path(gateway).await };
    let mut bytes = file.bytes.into_owned();
    if part.is_empty() {
        // It names its parts as if it stood at `/docs/`
        bytes = String::from_utf8_lossy(&bytes).replacen("<head>", "<head><base href=\"/docs/\">", 1).into_bytes();
    }
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, file.content_type))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(bytes)
}
