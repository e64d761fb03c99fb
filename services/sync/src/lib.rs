//! What the banks' platforms hear: who they are, what each has still to hear, and the calls themselves. The only service
//! that calls out.

pub mod address;
pub mod bodies;
pub mod examine;
pub mod hear;
pub mod installation;
pub mod kept;
pub mod metrics;
pub mod models;
pub mod push;
pub mod resync;
pub mod settle;
pub mod signature;
pub mod webhooks;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use events::Event;
use jsonrpc::{Call, Fault};
use partners_contract::BankNamed;
use records::tx::Found;
use records::values::{Mode, is_unset};
use records::{Action, Body, Failure, Model, Registry, Tx};
use serde_json::{Map, Value as Json};
use service::doctor::Finding;
use service::owner::Answer;
use service::{Answered, Answers, Asked, Owner, Pending, Service};
use sync_contract::{Change, KeepRefused, Stream, Webhooks};
use tokio::sync::{Notify, watch};

service::settings! {
    /// What pushing needs.
    pub struct SyncConfig {
        /// Keys of the platforms' secrets, `name:key` (32 bytes in base64), separated by commas: the first encrypts, all decrypt. `hub secret` makes one.
        platform_keys: secrecy::SecretString,
        /// Whether platforms may be on loopback or private addresses and plain http: for demos and tests.
        allow_private_platforms: bool = "false",
        /// How long a platform has to answer, in seconds, at most 20; Standard Webhooks says 15 to 30.
        platform_timeout: u64 = "15",
        /// Whether platforms are called at all; `false` for a copy that somebody looks at.
        push: bool = "true",
        /// This hub's name. The database keeps it, and a process with another name pushes nothing from it: a restored copy. Required where DEMO is false.
        installation: Option<String>,
        /// Whether it is the demo, which has a name.
        demo: bool = "true",
        /// How many days refused requests (ek.request) are kept.
        requests_kept_days: u32 = "30",
        /// How many days what was delivered, and every call to a platform (ek.attempt), is kept.
        attempts_kept_days: u32 = "30",
    }
}

/// The service.
pub struct Sync {
    registry: Registry,
    keys: signature::Keys,
    allow_private: bool,
    client: reqwest::Client,
    woken: Notify,
    /// Whether anybody is called at all, and as which installation.
    pushes: bool,
    installation: String,
    /// How many days refused requests and attempts are kept.
    kept_days: (u32, u32),
    /// How many deliveries this process has leased and not settled.
    under_way: watch::Sender<usize>,
    stopping: AtomicBool,
}

impl Sync {
    /// With its keys.
    ///
    /// # Errors
    /// Keys that are none, an installation without a name, or no TLS.
    pub fn new(config: &SyncConfig) -> anyhow::Result<Sync> {
        let allow_private = config.allow_private_platforms;
        let timeout = Duration::from_secs(config.platform_timeout.clamp(1, 20));
        Ok(Sync {
            registry: Registry::new(models::models()),
            keys: signature::Keys::parse(&config.platform_keys)?,
            allow_private,
            client: address::client(allow_private, timeout).context("no HTTP client")?,
            woken: Notify::new(),
            pushes: config.push,
            installation: installation::named(config)?,
            kept_days: (config.requests_kept_days.clamp(1, 36_500), config.attempts_kept_days.clamp(1, 36_500)),
            under_way: watch::Sender::new(0),
            stopping: AtomicBool::new(false),
        })
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

impl Service for Sync {
    /// Where the feeds stood when a platform was named.
    type Prepared = Option<String>;
    type Heard = hear::Heard;

    const ANSWERS: &'static [Answered<Self>] = &[Answered::of::<KeepRefused>(), Answered::of::<Stream>(), Answered::of::<Webhooks>()];

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

    fn prepare<'a>(&'a self, asked: Asked<'a, Self>, data: &'a mut Map<String, Json>) -> Pending<'a, Result<Option<String>, Fault>> {
        Box::pin(async move {
            if asked.model.name != "ek.platform" || asked.call.method != "create" {
                return Ok(None);
            }
            // A platform without a bank is that of the bank of its name
            let name = match (data.get("bank_id"), data.get("name")) {
                (Some(bank), Some(Json::String(name))) if is_unset(bank) => Some(name.clone()),
                (Some(Json::String(name)), _) | (None, Some(Json::String(name))) => Some(name.clone()),
                _ => None,
            };
            if let Some(name) = name {
                match asked.owner.ask(&BankNamed { name: name.clone() }, asked.call.traceparent.as_ref()).await? {
                    Ok(bank) => drop(data.insert("bank_id".to_owned(), bank.into())),
                    Err(known) => asked.problems.push(format!("`bank_id`: unknown bank '{name}'; known are {}", known.join(", "))),
                }
            }
            // What commits after this is told, however long it has been on its way
            let mut since = Map::new();
            for feed in self.follows() {
                match asked.owner.position_of(feed).await {
                    Ok(position) => drop(since.insert((*feed).to_owned(), position.into())),
                    // Of the release before: its feed is told from where this service has come to
                    Err(fault) if fault.status == 404 => {}
                    Err(fault) => return Err(fault),
                }
            }
            Ok(Some(Json::Object(since).to_string()))
        })
    }

    fn create<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        model: &'a Model,
        data: Map<String, Json>,
        since: &'a Option<String>,
    ) -> Pending<'a, Answer> {
        Box::pin(async move { models::create(self, tx, model, data, since.clone()).await.map(Json::from) })
    }

    fn write<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        model: &'a Model,
        found: Found,
        data: Map<String, Json>,
        _: &'a Option<String>,
    ) -> Pending<'a, Answer> {
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
        _: &'a Option<String>,
    ) -> Pending<'a, Answer> {
        Box::pin(models::action(self, tx, model, call, data))
    }

    fn follows(&self) -> &'static [&'static str] {
        &["catalog", "partners", "crm", "stock"]
    }

    fn heard<'a>(&'a self, owner: &'a Owner<Self>, feed: &'a str, events: &'a [Event]) -> Pending<'a, Result<hear::Heard, Fault>> {
        Box::pin(hear::hear(owner, feed, events))
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

    fn examine<'a>(&'a self, owner: &'a Owner<Self>) -> Pending<'a, Vec<Finding>> {
        Box::pin(examine::platforms(owner))
    }

    fn note<'a>(&'a self, owner: &'a Owner<Self>) -> Pending<'a, Option<String>> {
        Box::pin(async move { installation::withheld(owner).await.unwrap_or_else(|fault| Some(fault.message)) })
    }

    fn adopt<'a>(&'a self, owner: &'a Owner<Self>) -> Pending<'a, anyhow::Result<String>> {
        Box::pin(installation::adopt(owner))
    }

    fn finish(&self) -> Pending<'_, ()> {
        Box::pin(async move {
            // No more are taken; the calls that are being made are settled, so that nobody has to make them again
            self.stopping.store(true, Ordering::Relaxed);
            self.under_way.subscribe().wait_for(|leased| *leased == 0).await.ok();
        })
    }

    fn work<'a>(&'a self, owner: &'a std::sync::Arc<Owner<Self>>) -> Pending<'a, ()> {
        Box::pin(async move {
            installation::claim(owner).await;
            tokio::join!(push::push(owner), resync::tell_all(owner), metrics::watch(owner), kept::sweep(owner));
        })
    }
}

impl Answers<Stream> for Sync {
    async fn answer(owner: &Owner<Self>, question: Stream, _: Option<&String>) -> Result<Vec<Change>, Fault> {
        let wait = Duration::from_secs(question.wait.min(25));
        let events = owner.feed.read_or_wait(question.after, question.limit, wait).await;
        let events = events.map_err(|error| service::database::fault("sync", error))?;
        serde_json::from_str(&events).map_err(|error| service::our_fault("sync", "its own events can't be read", &error))
    }
}

impl Answers<Webhooks> for Sync {
    async fn answer(_: &Owner<Self>, _: Webhooks, _: Option<&String>) -> Result<Json, Fault> {
        Ok(webhooks::document())
    }
}
