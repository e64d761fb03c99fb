//! What the banks' platforms hear: who they are, what each has still to hear, and the calls themselves. The only service
//! that calls out.

pub mod address;
pub mod bodies;
pub mod hear;
pub mod kept;
pub mod metrics;
pub mod models;
pub mod push;
pub mod resync;
pub mod settle;
pub mod signature;
pub mod webhooks;

use std::time::Duration;

use anyhow::Context;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use events::Event;
use jsonrpc::{Call, Fault, Reply};
use records::tx::Found;
use records::values::Mode;
use records::{Action, Body, Failure, Model, Registry, Tx};
use serde_json::{Map, Value as Json};
use service::owner::Answer;
use service::{Asked, Owner, Pending, Service};
use tokio::sync::Notify;

service::settings! {
    /// What pushing needs.
    pub struct SyncConfig {
        /// Keys of the platforms' secrets, `name:key` (32 bytes in base64), separated by commas: the first encrypts, all decrypt. `hub secret` makes one.
        platform_keys: secrecy::SecretString,
        /// Whether platforms may be on loopback or private addresses and plain http: for demos and tests.
        allow_private_platforms: bool = "false",
        /// How long a platform has to answer, in seconds, at most 20; Standard Webhooks says 15 to 30.
        platform_timeout: u64 = "15",
    }
}

/// The service.
pub struct Sync {
    registry: Registry,
    keys: signature::Keys,
    allow_private: bool,
    client: reqwest::Client,
    woken: Notify,
}

impl Sync {
    /// With its keys.
    ///
    /// # Errors
    /// Keys that are none, or no TLS.
    pub fn new(config: &SyncConfig) -> anyhow::Result<Sync> {
        let allow_private = config.allow_private_platforms;
        let timeout = Duration::from_secs(config.platform_timeout.clamp(1, 20));
        Ok(Sync {
            registry: Registry::new(models::models()),
            keys: signature::Keys::parse(&config.platform_keys)?,
            allow_private,
            client: address::client(allow_private, timeout).context("no HTTP client")?,
            woken: Notify::new(),
        })
    }
}

impl Service for Sync {
    type Prepared = ();
    type Heard = hear::Heard;

    fn name(&self) -> &'static str {
        "sync"
    }

    fn registry(&self) -> &Registry {
        &self.registry
    }

    fn migrations(&self) -> EmbeddedMigrations {
        const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sync");
        MIGRATIONS
    }

    fn prepare<'a>(&'a self, asked: Asked<'a, Self>, data: &'a mut Map<String, Json>) -> Pending<'a, Result<(), Fault>> {
        Box::pin(async move {
            // A platform without a bank is that of the bank of its name
            if asked.model.name == "ek.platform" && asked.call.method == "create" && data.get("bank_id").is_none_or(|bank| !bank.is_i64()) {
                let name = match (data.get("bank_id"), data.get("name")) {
                    (Some(Json::String(name)), _) | (_, Some(Json::String(name))) => name.clone(),
                    _ => return Ok(()),
                };
                match asked.owner.ask::<Result<i64, Vec<String>>>(asked.call.asking("res.bank", "_named").with("name", &name)).await? {
                    Ok(bank) => drop(data.insert("bank_id".to_owned(), bank.into())),
                    Err(known) => asked.problems.push(format!("`bank_id`: unknown bank '{name}'; known are {}", known.join(", "))),
                }
            }
            Ok(())
        })
    }

    fn create<'a>(&'a self, tx: &'a mut Tx<'_>, model: &'a Model, data: Map<String, Json>, _: &'a ()) -> Pending<'a, Answer> {
        Box::pin(async move { models::create(self, tx, model, data).await.map(Json::from) })
    }

    fn write<'a>(&'a self, tx: &'a mut Tx<'_>, model: &'a Model, found: Found, data: Map<String, Json>, _: &'a ()) -> Pending<'a, Answer> {
        Box::pin(async move { models::write(self, tx, model, found, data).await.map(|()| true.into()) })
    }

    fn body(&self, model: &Model, mode: Mode) -> Option<Body> {
        models::body(model, mode)
    }

    fn actions(&self) -> &'static [Action] {
        models::ACTIONS
    }

    fn action<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        model: &'a Model,
        call: &'a Call,
        data: Map<String, Json>,
        _: &'a (),
    ) -> Pending<'a, Answer> {
        Box::pin(models::action(tx, model, call, data))
    }

    fn private<'a>(&'a self, owner: &'a Owner<Self>, caller: &'a str, call: &'a Call) -> Pending<'a, Result<Reply, Fault>> {
        Box::pin(async move {
            match (call.model.as_str(), call.method.as_str(), caller) {
                ("ek.request", "_refused", "gateway") => kept::keep_refused(owner, call).await,
                (_, "_webhooks", "gateway") => Ok(Reply::value(&webhooks::document())),
                ("ek.delivery", "_position", "gateway") => Ok(Reply::value(&owner.feed.position())),
                ("ek.delivery", "_stream", "gateway") => stream(owner, call).await,
                _ => Err(Fault::no_such_method(&call.model, &call.method)),
            }
        })
    }

    fn follows(&self) -> &'static [&'static str] {
        &["catalog", "partners", "crm", "stock"]
    }

    fn heard<'a>(&'a self, owner: &'a Owner<Self>, _feed: &'a str, events: &'a [Event]) -> Pending<'a, Result<hear::Heard, Fault>> {
        Box::pin(hear::hear(owner, events))
    }

    fn apply<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        _feed: &'a str,
        events: &'a [Event],
        heard: &'a hear::Heard,
    ) -> Pending<'a, Result<(), Failure>> {
        Box::pin(async move {
            hear::apply(tx, heard).await?;
            hear::pass_on(tx, events).await
        })
    }

    fn committed(&self) {
        self.woken.notify_one();
    }

    fn work<'a>(&'a self, owner: &'a std::sync::Arc<Owner<Self>>) -> Pending<'a, ()> {
        Box::pin(async move {
            tokio::join!(push::push(owner), resync::tell_all(owner), metrics::watch(owner), kept::sweep(owner));
        })
    }
}

/// The events of all services in sync's own order, waiting some seconds for the first one.
async fn stream(owner: &Owner<Sync>, call: &Call) -> Result<Reply, Fault> {
    let (after, limit, wait) = (call.params.need::<i64>("after")?, call.params.need::<i64>("limit")?, call.params.need::<u64>("wait")?);
    let wait = Duration::from_secs(wait.min(25));
    let events = owner.feed.read_or_wait(after, limit, wait).await.map_err(|error| service::database::fault("sync", error))?;
    Ok(Reply::json(events))
}
