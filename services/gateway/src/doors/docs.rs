//! `/openapi.json` and, for people, `/docs`: Swagger UI out of this program, with nothing from another host.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use jsonrpc::Fault;
use moka::future::Cache;
use process::our_fault;
use utoipa_swagger_ui::Config;

use crate::answer::{Answer, as_the_add_on};
use crate::gateway::Gateway;
use crate::incoming::Incoming;
use crate::openapi::openapi;

/// How long the document is kept: a service that is new shows after that.
const KEPT: Duration = Duration::from_secs(60);

/// The document's text, as it was made last.
pub struct Document(Cache<(), Bytes>);

impl Document {
    /// None yet.
    pub fn none() -> Document {
        Document(Cache::builder().max_capacity(1).time_to_live(KEPT).build())
    }

    async fn text(&self, gateway: &Gateway) -> Result<Bytes, Fault> {
        let made = async { Ok::<_, Fault>(Bytes::from(openapi(&gateway.services).await?.to_string())) };
        self.0.try_get_with((), made).await.map_err(Arc::unwrap_or_clone)
    }
}

/// `GET /openapi.json`
pub async fn document(incoming: Incoming, document: web::Data<Document>) -> Answer {
    let answer = document.text(&incoming.gateway).await.map(|text| {
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "application/json"))
            .insert_header((CACHE_CONTROL, "max-age=60"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(text)
    });
    incoming.told(as_the_add_on, answer)
}

/// The page's own scripts and styles, and no others.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// `GET /docs`
pub async fn page(incoming: Incoming) -> Answer {
    incoming.told(as_the_add_on, file(""))
}

/// `GET /docs/{part}`: what the page consists of.
pub async fn part(incoming: Incoming, part: web::Path<String>) -> Answer {
    incoming.told(as_the_add_on, file(&part))
}

fn file(part: &str) -> Result<HttpResponse, Fault> {
    let config = Config::from("/openapi.json").try_it_out_enabled(true).persist_authorization(false);
    let file = utoipa_swagger_ui::serve(part, Arc::new(config)).map_err(|error| our_fault("gateway", "the docs can't be made", &error))?;
    let file = file.ok_or_else(Fault::not_found)?;
    let mut bytes = file.bytes.into_owned();
    if part.is_empty() {
        // It names its parts as if it stood at `/docs/`
        bytes = String::from_utf8_lossy(&bytes).replacen("<head>", "<head><base href=\"/docs/\">", 1).into_bytes();
    }
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, file.content_type))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(bytes))
}
