//! What the banks' platforms hear: who they are, what each has still to hear, and the calls themselves. Beside the
//! bridge, which asks Odoos, the only service that calls out.

pub mod adopt;
pub mod bodies;
pub mod bodies_kept;
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
pub mod steering;
pub mod webhooks;
pub mod why;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use events::Event;
use jsonrpc::Fault;
use records::{Failure, Tx};
use serde_json::Value as Json;
use service::address::Reach;
use service::findings::Finding;
use service::{Answered, Answers, ModelOf, Owner, ReadOnly, Service};
use sync_contract::{Adopt, Change, KeepRefused, Stream, Webhooks};
use tokio::sync::watch;

use crate::bodies_kept::{Attempt, Request};
use crate::models::{Delivery, Platform};

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
    keys: signature::Keys,
    /// Where platforms may be.
    reach: Reach,
    client: reqwest::Client,
    /// How long a platform has to answer.
    answering: Duration,
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
        let reach = Reach::public_or(config.allow_private_platforms);
        let timeout = Duration::from_secs(config.platform_timeout.clamp(1, 20));
        Ok(Sync {
            keys: signature::Keys::parse(&config.platform_keys)?,
            client: reach.client(timeout).context("no HTTP client")?,
            reach,
            answering: timeout,
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
    type Heard = hear::Heard;

    const NAME: &'static str = "sync";
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sync");
    const MODELS: &'static [ModelOf<Sync>] = &[
        ModelOf::of::<Platform>(models::platform),
        ModelOf::of::<Delivery>(models::delivery),
        ModelOf::of::<Attempt>(bodies_kept::attempt),
        ModelOf::of::<ReadOnly>(models::sync),
        ModelOf::of::<Request>(bodies_kept::request),
    ];
    const ANSWERS: &'static [Answered<Sync>] =
        &[Answered::of::<Adopt>(), Answered::of::<KeepRefused>(), Answered::of::<Stream>(), Answered::of::<Webhooks>()];
    const FOLLOWS: &'static [&'static str] = &["catalog", "partners", "crm", "stock"];

    async fn heard(owner: &Owner<Sync>, feed: &str, events: &[Event]) -> Result<hear::Heard, Fault> {
        hear::hear(owner, feed, events).await
    }

    async fn apply(tx: &mut Tx<'_>, _: &str, events: &[Event], heard: &hear::Heard) -> Result<(), Failure> {
        hear::apply(tx, heard).await?;
        hear::pass_on(tx, events).await
    }

    async fn examine(owner: &Owner<Sync>) -> Vec<Finding> {
        examine::platforms(owner).await
    }

    async fn note(owner: &Owner<Sync>) -> Option<String> {
        installation::withheld(owner).await.unwrap_or_else(|fault| Some(fault.message))
    }

    async fn adopt(owner: &Owner<Sync>) -> anyhow::Result<String> {
        installation::adopt(owner).await
    }

    async fn work(owner: &Arc<Owner<Sync>>) {
        installation::claim(owner).await;
        tokio::join!(push::push(owner), resync::tell_all(owner), metrics::watch(owner), kept::sweep(owner));
    }

    async fn finish(owner: &Owner<Sync>) {
        // No more are taken; the calls that are being made are settled, so that nobody has to make them again
        owner.service.stopping.store(true, Ordering::Relaxed);
        owner.service.under_way.subscribe().wait_for(|leased| *leased == 0).await.ok();
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
