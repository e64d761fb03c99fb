//! From a model to the service that keeps it: in the same process, or over HTTP. Same code, one setting.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use jsonrpc::{Body, Call, Fault, Reply};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};

pub use reqwest::Client;

use crate::{Pending, directory, shares};

/// Answers up to this size are read whole, in bytes; a stream costs more than it saves below it.
const WHOLE: u64 = 256 * 1024;
/// Header that tells how many records a write found.
pub const MATCHED: &str = "x-records-matched";
/// Header that tells that an answer is a kept one.
pub const REPLAYED: &str = "idempotency-replayed";

/// What can be called: a service, wherever it runs.
pub trait Endpoint: Send + Sync {
    /// Answers a call.
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, Fault>>;
}

/// Routes to every service. Copies share them.
#[derive(Clone, Default)]
pub struct Router {
    routes: Arc<OnceLock<HashMap<&'static str, Arc<dyn Endpoint>>>>,
}

impl Router {
    /// A router whose routes come later: in one process, the services and their router need each other.
    pub fn empty() -> Router {
        Router::default()
    }

    /// Sets the routes, once.
    pub fn set(&self, routes: HashMap<&'static str, Arc<dyn Endpoint>>) {
        self.routes.set(routes).ok();
    }

    /// A service by name.
    ///
    /// # Errors
    /// 503 where this process does not know where it is.
    pub fn service(&self, name: &str) -> Result<&Arc<dyn Endpoint>, Fault> {
        let route = self.routes.get().and_then(|routes| routes.get(name));
        route.ok_or_else(|| Fault::unavailable(format!("The service '{name}' is not there. Try again.")))
    }

    /// Sends a call to the service that keeps its model.
    ///
    /// # Errors
    /// 404 for a model that nobody keeps, and whatever the service says.
    pub async fn call(&self, call: Call) -> Result<Reply, Fault> {
        let owner =
            directory::owner_of(&call.model).ok_or_else(|| Fault::no_such_model(&call.model.chars().take(80).collect::<String>()))?;
        self.service(owner)?.call(call).await
    }
}

/// A service in another process.
pub struct Remote {
    name: &'static str,
    url: String,
    client: reqwest::Client,
}

/// How long an idle connection is kept. A process that is stopping still answers for longer than that, so that none is open when it
/// closes its door.
const IDLE: Duration = Duration::from_secs(2);
/// How long a service may say nothing: longer than a long poll, and than the longest statement.
const SILENCE: Duration = Duration::from_secs(30);
/// How often a connection is tried. A process that is gone refuses; another of its service takes the next try.
const TRIES: u32 = 4;

/// The one HTTP client between processes of ours.
///
/// # Errors
/// When TLS can't be set up.
pub fn client() -> reqwest::Result<Client> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(2))
        .read_timeout(SILENCE)
        .redirect(reqwest::redirect::Policy::none())
        .pool_idle_timeout(IDLE)
        .no_proxy()
        .build()
}

impl Remote {
    /// The service `name` at a base URL.
    pub fn new(name: &'static str, url: &str, client: reqwest::Client) -> Remote {
        Remote { name, url: format!("{}/call", url.trim_end_matches('/')), client }
    }

    async fn send(&self, call: Call) -> Result<Reply, Fault> {
        let away = |error: reqwest::Error| {
            tracing::warn!(service = self.name, error = %error.without_url(), "a service can't be reached");
            Fault::unavailable(format!("The service '{}' is away. Try again.", self.name))
        };
        let body = Bytes::from(serde_json::to_vec(&call).map_err(|error| Fault::malformed(error.to_string()))?);
        let mut tries = 1;
        let response = loop {
            let mut request = self.client.post(&self.url).header(AUTHORIZATION, format!("Bearer {}", call.token));
            if let Some(traceparent) = &call.traceparent {
                request = request.header("traceparent", traceparent);
            }
            if let Some(user) = shares::user() {
                request = request.header(shares::WORKS_FOR, user);
            }
            match request.header(CONTENT_TYPE, "application/json").body(body.clone()).send().await {
                // Nothing was sent: it may go elsewhere
                Err(error) if error.is_connect() && tries < TRIES => {
                    tokio::time::sleep(Duration::from_millis(25 << tries)).await;
                    tries += 1;
                }
                sent => break sent.map_err(away)?,
            }
        };
        let status = response.status();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let matched = header(MATCHED).and_then(|text| text.parse().ok());
        let replayed = header(REPLAYED).is_some();
        if !status.is_success() {
            let bytes = response.bytes().await.map_err(away)?;
            return Err(serde_json::from_slice(&bytes).unwrap_or_else(|_| {
                tracing::warn!(service = self.name, status = status.as_u16(), "a service answered what is no answer of ours");
                Fault::unavailable(format!("The service '{}' is away. Try again.", self.name))
            }));
        }
        let body = match response.content_length() {
            Some(length) if length <= WHOLE => Body::Whole(response.bytes().await.map_err(away)?),
            _ => {
                let name = self.name;
                Body::Stream(Box::pin(
                    response.bytes_stream().map_err(move |_| Fault::unavailable(format!("The service '{name}' broke off."))),
                ))
            }
        };
        Ok(Reply { body, matched, replayed })
    }
}

impl Endpoint for Remote {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, Fault>> {
        Box::pin(self.send(call))
    }
}
