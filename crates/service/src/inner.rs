//! The two inner routes of a service, `/call` and `/feed`: for services of ours, not for the outside.

use std::sync::Arc;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use jsonrpc::{Call, Fault, Reply};
use process::http::{Routes, bearer, body, header, note_model, note_user, read_body, refused};
use process::router::{Endpoint, MATCHED, REPLAYED};
use process::{Caller, directory, shares};
use serde::Deserialize;

use crate::owner::{Owner, Service};

/// The inner routes of a service: calls for its models, and its feed. Not for the outside: the gateway has none of them.
pub fn routes<S: Service>(owner: Arc<Owner<S>>, max_body: usize) -> impl Fn(&mut Routes) + Clone + Send + 'static {
    move |config| {
        config
            .app_data(web::Data::from(owner.clone()))
            .app_data(web::Data::new(MaxBody(max_body)))
            .route("/call", web::post().to(call::<S>))
            .route("/feed", web::get().to(feed::<S>));
    }
}

struct MaxBody(usize);

async fn call<S: Service>(request: HttpRequest, payload: Payload, owner: web::Data<Owner<S>>, most: web::Data<MaxBody>) -> HttpResponse {
    let answer = async {
        // Before anything is kept of what it sends
        let token = Arc::from(bearer(&request).unwrap_or_default());
        owner.keyring.verify(&token)?;
        // What a client may send, and the envelope of a call around it
        let body = read_body(payload, most.0 + 64 * 1024).await?;
        let mut call: Call = serde_json::from_slice(&body).map_err(|error| Fault::malformed(format!("no call: {error}")))?;
        call.token = token;
        call.traceparent = header(&request, "traceparent").map(str::to_owned);
        note_model(&request, &call.model);
        // Asked only where it is told
        let is_told = tracing::event_enabled!(target: "access", tracing::Level::DEBUG);
        if let Some(Caller::User(identity)) = is_told.then(|| owner.keyring.verify(&call.token).ok()).flatten() {
            note_user(&request, identity.uid);
        }
        match header(&request, shares::WORKS_FOR).and_then(|user| user.parse().ok()) {
            Some(user) => shares::working_for(user, owner.call(call)).await,
            None => owner.call(call).await,
        }
    };
    match answer.await {
        Ok(reply) => answered(reply),
        Err(fault) => refused(&fault),
    }
}

#[derive(Deserialize)]
struct FeedQuery {
    #[serde(default)]
    after: i64,
    #[serde(default = "thousand")]
    limit: i64,
    /// Seconds.
    #[serde(default)]
    wait: u64,
}

fn thousand() -> i64 {
    1_000
}

/// `GET /feed?after=pos&limit=n&wait=seconds`, for services of ours: the events after a position, waiting for the first
/// one if there is none yet. Asking tells that everything up to `after` has been read.
async fn feed<S: Service>(request: HttpRequest, query: web::Query<FeedQuery>, owner: web::Data<Owner<S>>) -> HttpResponse {
    let answer = async {
        let token = Arc::from(bearer(&request).unwrap_or_default());
        let Caller::Service(reader) = owner.keyring.verify(&token)? else {
            return Err(Fault::access_error("The feed is between services."));
        };
        if !directory::may_ask(S::NAME, &reader, "_feed") {
            return Err(Fault::access_error(format!("The service '{reader}' does not follow {}.", S::NAME)));
        }
        owner.events(&reader, query.after, query.limit, query.wait).await
    };
    match answer.await {
        Ok(reply) => answered(reply),
        Err(fault) => refused(&fault),
    }
}

fn answered(reply: Reply) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, "application/json"));
    if let Some(matched) = reply.matched {
        response.insert_header((MATCHED, matched));
    }
    if reply.replayed {
        response.insert_header((REPLAYED, "true"));
    }
    response.body(body(reply.body))
}
