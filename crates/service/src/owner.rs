//! How a service that keeps models answers a call: who asks, may they, then one statement for a read, one transaction for a
//! change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::sql_types::BigInt;
use diesel_migrations::EmbeddedMigrations;
use domain::Identity;
use events::{Event, Feed};
use jsonrpc::{Call, Dialect, Fault, Question, Reply};
use process::Caller;
use process::findings::Finding;
use process::parse_reply;
use process::router::Endpoint;
use process::shares::{Shares, working_for};
use process::{Keyring, Pending, Router, directory, metrics, telemetry};
use records::write::{Author, Cause, Told};
use records::{Action, Failure, Model, Posted, Registry, Tx, methods};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use tokio::sync::{Notify, Semaphore};
use tracing::Instrument;

use crate::Database;
use crate::behaviour::{ModelOf, ReadOnly};
use crate::everywhere;
use crate::external_ids::{self, ExternalId};
use crate::questions::Answered;
use crate::reading::{Reads, reads};
use crate::transaction::For;
// circle: behaviour, everywhere, external_ids, questions, reading, transaction: an Owner answers by what these do, and they do it with an Owner

/// The longest that a feed's reader is kept waiting.
const LONG_POLL: Duration = Duration::from_secs(25);

/// How long a bank's name is known: requests name the same few banks, which are named once and for all.
const BANKS: Duration = Duration::from_secs(60);
/// How many names of banks are known: there are tens, each in a few spellings.
const MAX_BANKS: u64 = 1_000;

/// How many files of printed documents are made at a time: each takes a core, and what stands in it is in memory.
const PAPERS: usize = 2;
/// How long a printed document waits for its turn: less than callers wait for an answer.
const PAPER_WAITS: Duration = Duration::from_secs(15);

/// A change's answer: the JSON of its result.
pub type Answer = Result<Json, Failure>;

/// What a service adds to what all of them do: its models, what it answers others, and what it does by itself.
pub trait Service: Send + Sync + Sized + 'static {
    /// What [`Service::heard`] found out for events.
    type Heard: Default + Send + Sync;

    /// Its name, its schema's and its role's.
    const NAME: &'static str;
    /// Its schema.
    const MIGRATIONS: EmbeddedMigrations;
    /// Its models, each with what it does.
    const MODELS: &'static [ModelOf<Self>];
    /// What it answers other services, by the types of its contract.
    const ANSWERS: &'static [Answered<Self>] = &[];
    /// The services whose feeds it follows.
    const FOLLOWS: &'static [&'static str] = &[];

    /// Whether an event of a feed may have an effect here. The cursor goes past the others without a transaction; what can't be read
    /// concerns it, so that it is put aside.
    fn concerns(_feed: &str, _event: &Event) -> bool {
        true
    }

    /// What it must find out about events before the transaction that takes them.
    fn heard(_owner: &Owner<Self>, _feed: &str, _events: &[Event]) -> impl Future<Output = Result<Self::Heard, Fault>> + Send {
        async { Ok(Self::Heard::default()) }
    }

    /// The effect of events of a feed that it follows, in the transaction that moves its cursor past them. Events come more
    /// than once only where their transaction never committed.
    fn apply(_tx: &mut Tx<'_>, _feed: &str, _events: &[Event], _heard: &Self::Heard) -> impl Future<Output = Result<(), Failure>> + Send {
        async { Ok(()) }
    }

    /// Called after migrations that were due: tells what they have done to people.
    fn migrated(_owner: &Owner<Self>) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// What is wrong with what only it knows.
    fn examine(_owner: &Owner<Self>) -> impl Future<Output = Vec<Finding>> + Send {
        async { Vec::new() }
    }

    /// What whoever asks whether it is ready should know of it besides.
    fn note(_owner: &Owner<Self>) -> impl Future<Output = Option<String>> + Send {
        async { None }
    }

    /// Makes the database that of this process's installation; answers in words.
    fn adopt(_owner: &Owner<Self>) -> impl Future<Output = anyhow::Result<String>> + Send {
        async { anyhow::bail!("{} keeps nobody's name: it is sync's database that is adopted", Self::NAME) }
    }

    /// Background work of its own, until it is dropped.
    fn work(_owner: &Arc<Owner<Self>>) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Brings what it is doing to an end: called when the process stops, which waits for it some seconds.
    fn finish(_owner: &Owner<Self>) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// A service with everything it runs on.
pub struct Owner<S: Service> {
    /// Its business.
    pub service: S,
    /// Its models' declarations.
    pub registry: Registry,
    behaviours: BTreeMap<&'static str, &'static ModelOf<S>>,
    /// Its data.
    pub database: Database,
    /// Its events.
    pub feed: Feed,
    /// Who may call it.
    pub keyring: Keyring,
    /// The other services.
    pub router: Router,
    /// How many records an answer without pages may have.
    pub max_rows: i64,
    /// Wakes its background work: a transaction was committed, whatever it was.
    pub woken: Notify,
    pub(crate) reads: Reads,
    /// Which bank a name means, as partners has said within [`BANKS`].
    pub(crate) banks: moka::sync::Cache<String, i64>,
    papers: Shares<i64>,
    /// Where papers are drawn: what is being drawn goes on when its caller has left.
    drawing: Arc<Semaphore>,
}

impl<S: Service> Owner<S> {
    /// What it keeps a part of, as every service does.
    const EVERYWHERE: &'static [ModelOf<S>] =
        &[ModelOf::of::<ReadOnly>(everywhere::audit::<S>), ModelOf::of::<ExternalId>(external_ids::model::<S>)];

    /// Puts a service on its database.
    pub fn new(service: S, database: Database, keyring: Keyring, router: Router, max_rows: i64) -> Owner<S> {
        let models = || S::MODELS.iter().chain(Self::EVERYWHERE).map(|of| ((of.declaration)(&service), of));
        let behaviours = models().map(|(model, of)| (model.name, of)).collect();
        Owner {
            registry: Registry::new(models().map(|(model, _)| model)),
            behaviours,
            feed: Feed::new(database.pool(), S::NAME),
            service,
            database,
            keyring,
            router,
            max_rows,
            woken: Notify::new(),
            reads: reads(),
            banks: moka::sync::Cache::builder().max_capacity(MAX_BANKS).time_to_live(BANKS).build(),
            papers: Shares::new("files of printed documents", PAPERS, 1),
            drawing: Arc::new(Semaphore::new(PAPERS)),
        }
    }

    /// Runs its migrations.
    ///
    /// # Errors
    /// The database's own.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        let ran = self.database.migrate(S::MIGRATIONS).await?;
        self.database.spread_net(&self.registry).await?;
        if ran {
            S::migrated(self).await;
        }
        Ok(())
    }

    async fn answer(&self, mut call: Call) -> Result<Reply, Fault> {
        // What no request has caused, as the asking for a feed, is part of no trace and begins none
        let span = match &call.traceparent {
            None => tracing::Span::none(),
            Some(_) => {
                tracing::info_span!(target: telemetry::SPANS, "call", otel.name = %format_args!("{} {}", call.model, call.method), service = S::NAME)
            }
        };
        if let Some(own) = call.traceparent.as_deref().and_then(|parent| telemetry::adopt(&span, parent)) {
            call.traceparent = Some(own);
        }
        let started = Instant::now();
        let reply = self.dispatch(&call).instrument(span).await;
        let outcome = match &reply {
            Ok(_) => "ok",
            Err(fault) if fault.status >= 500 => "error",
            Err(_) => "refused",
        };
        // Names from the code, not from the caller
        let model = self.registry.get(&call.model).map_or("other", |model| model.name);
        let method = ["read", "search_read", "create", "write", "unlink"].into_iter().find(|name| *name == call.method).unwrap_or("other");
        metrics::CALL_DURATION.with_label_values(&[model, method, outcome]).observe(started.elapsed().as_secs_f64());
        reply
    }

    async fn dispatch(&self, call: &Call) -> Result<Reply, Fault> {
        let identity = match self.keyring.verify(&call.token)? {
            Caller::Service(name) => return self.answer_service(&name, call).await,
            Caller::User(identity) => identity,
        };
        working_for(identity.uid, self.answer_user(identity, call)).await
    }

    async fn answer_user(&self, identity: Arc<Identity>, call: &Call) -> Result<Reply, Fault> {
        if call.method.starts_with('_') {
            return Err(Fault::access_error(format!("Private methods (such as {}) cannot be called remotely.", call.method)));
        }
        let model = self.registry.model(&call.model)?;
        if call.dialect == Dialect::Odoo && methods::method(&call.method).is_some() {
            return self.orm(&identity, model, call).await;
        }
        match call.method.as_str() {
            "read" => self.read(&identity, model, &call.params).await,
            "search_read" => self.search_read(identity, model, &call.params).await,
            // Only the door for reports names one
            "report" => {
                let (report, ids) = (call.params.need::<String>("report")?, call.params.need::<Vec<i64>>("ids")?);
                let _place = self.papers.take(identity.uid, PAPER_WAITS).await?;
                (self.behaviour(model)?.report)(self, &identity, model, &report, &ids).await
            }
            // Only the door for pages asks
            "declarations" => Ok(Reply::value(&self.declarations(&identity)?)),
            // Only the doors for files name a field
            "file" => self.file(&identity, model, &call.params).await,
            "create" | "write" | "unlink" => self.change(&identity, model, call).await,
            "load" => self.load(&identity, model, call).await,
            method => match self.behaviour(model)?.action(method) {
                Some(_) => self.change(&identity, model, call).await,
                None => Err(Fault::no_such_method(model.name, method)),
            },
        }
    }

    /// The public methods of its models, each with its model's name.
    pub fn actions(&self) -> impl Iterator<Item = (&'static str, &'static Action)> {
        self.behaviours.iter().flat_map(|(model, of)| of.actions.iter().map(|action| (*model, action)))
    }

    /// What a model does.
    pub(crate) fn behaviour(&self, model: &Model) -> Result<&'static ModelOf<S>, Fault> {
        self.behaviours.get(model.name).copied().ok_or_else(|| process::our_fault(S::NAME, "a model is not listed", &model.name))
    }

    /// What stands in the service's contract, and what every service answers.
    async fn answer_service(&self, asker: &str, call: &Call) -> Result<Reply, Fault> {
        let own = S::NAME;
        if let Some(question) = S::ANSWERS.iter().find(|question| (question.model, question.method) == (&call.model, &call.method)) {
            if question.asked_by.contains(&asker) {
                return (question.answer)(self, asker, call).await;
            }
        } else if directory::may_ask(own, asker, &call.method) {
            return self.common(asker, call).await;
        }
        let method = &call.method;
        tracing::warn!(service = own, asked_by = asker, method, "what stands in no contract was asked");
        Err(Fault::access_error(format!("The service '{asker}' may not ask {own} for '{method}'.")))
    }

    /// What services ask each other about records: which of some ids are there, what refers to some, what leads where.
    async fn common(&self, caller: &str, call: &Call) -> Result<Reply, Fault> {
        match call.method.as_str() {
            "_existing" => {
                let model = self.registry.model(&call.model)?;
                let existing = records::read::existing(model, call.params.need("ids")?);
                Ok(Reply::value(&self.database.search::<BigInt, i64>(existing).await?))
            }
            "_referring" => {
                let ids: Vec<i64> = call.params.need("ids")?;
                let of: String = call.params.need("of")?;
                let mut open = self.database.begin_snapshot().await?;
                let identity = Identity::system();
                let mut tx = self.tx(&mut open, &For { identity: &identity, claimed: None, bank: None, traceparent: None })?;
                let referring = tx.referring(&of, ids).await.map_err(|failure| self.refusal(failure))?;
                open.rollback().await;
                Ok(Reply::value(&referring))
            }
            // A reader tells by asking how far it has come; a doctor only looks
            "_feed" if call.params.get::<bool>("look")?.unwrap_or_default() => {
                let events = self.feed.read(call.params.need("after")?, call.params.need("limit")?).await;
                Ok(Reply::json(events.map_err(|error| crate::database::fault(S::NAME, error))?))
            }
            "_feed" => {
                let number = |name: &str| call.params.get::<i64>(name).map(Option::unwrap_or_default);
                self.events(caller, number("after")?, number("limit")?, call.params.get::<u64>("wait")?.unwrap_or_default()).await
            }
            "_read" => self.read_for_service(call).await,
            "_outlines" => Ok(Reply::value(&self.registry.outlines())),
            // One event, for a follower that put it aside
            "_event" => {
                let failed = |error| crate::database::fault(S::NAME, error);
                let pos: i64 = call.params.need("pos")?;
                let next: Vec<Event> = serde_json::from_str(&self.feed.read(pos - 1, 1).await.map_err(failed)?)
                    .map_err(|error| process::our_fault(S::NAME, "an event can't be read", &error))?;
                Ok(Reply::value(&next.into_iter().filter(|event| event.pos == pos).collect::<Vec<_>>()))
            }
            // Of everything that is committed
            "_position" => {
                let failed = |error| crate::database::fault(S::NAME, error);
                Ok(Reply::value(&self.feed.stamp_once().await.map_err(failed)?))
            }
            "_freeze" => self.freeze(call).await,
            "_described" => Ok(Reply::value(&crate::described::all(self)?)),
            _ => Err(Fault::no_such_method(&call.model, &call.method)),
        }
    }

    /// The events after a position, for a service of ours, waiting some seconds for the first one if there is none yet.
    /// Asking tells that everything up to `after` has been read.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) async fn events(&self, reader: &str, after: i64, limit: i64, wait: u64) -> Result<Reply, Fault> {
        let failed = |error| crate::database::fault(S::NAME, error);
        let events = self.feed.read_as(reader, after, limit, Duration::from_secs(wait).min(LONG_POLL)).await.map_err(failed)?;
        Ok(Reply::json(events))
    }

    pub(crate) fn tx<'a>(&'a self, open: &'a mut crate::database::Open, whose: &For<'a>) -> Result<Tx<'a>, Fault> {
        let For { identity, claimed, bank, traceparent } = *whose;
        let origin = identity.origin_claiming(claimed).as_str();
        let (bank, uid, traceparent) = (identity.bank.or(bank), identity.uid, traceparent.cloned());
        let author = Author { origin, bank, uid, traceparent, cause: Cause::Change, told: Told::default() };
        let conn = open.connection().map_err(|error| crate::database::fault(S::NAME, error))?;
        let (registry, posted) = (&self.registry, Posted::default());
        Ok(Tx { conn, registry, identity, author, early: Vec::new(), posted, is_repeated: false, must_be_new: false })
    }

    /// Asks another service what stands in its contract. `traceparent` is the trace context of the request that it is for.
    ///
    /// # Errors
    /// As [`process::ask`].
    pub async fn ask<Q: Question>(&self, question: &Q, traceparent: Option<&String>) -> Result<Q::Answer, Fault> {
        process::ask(&self.router, &self.keyring, question, traceparent).await
    }

    /// Which of these records of another service's model are there.
    ///
    /// # Errors
    /// 503 where it is away.
    pub async fn existing(&self, model: &str, ids: &[i64], traceparent: Option<&String>) -> Result<Vec<i64>, Fault> {
        self.ask_common(model, "_existing", traceparent, |call| call.with("ids", &ids)).await
    }

    /// Records of another service as the hub sees them, or as a bank may read them: those of a filter, at most `limit`, by id.
    ///
    /// # Errors
    /// 503 where it is away.
    pub async fn read_of<T: DeserializeOwned>(
        &self,
        model: &str,
        filter: &Json,
        query: &str,
        limit: usize,
        bank: Option<i64>,
    ) -> Result<Vec<T>, Fault> {
        let arguments = |call: Call| call.with("filter", filter).with("query", &query).with("limit", &limit).with("bank", &bank);
        self.ask_common(model, "_read", None, arguments).await
    }

    /// How far another service's feed is.
    ///
    /// # Errors
    /// As [`process::asking::position_of`].
    pub async fn position_of(&self, feed: &'static str) -> Result<i64, Fault> {
        process::asking::position_of(&self.router, &self.keyring, feed).await
    }

    async fn ask_common<T: DeserializeOwned>(
        &self,
        model: &str,
        method: &str,
        traceparent: Option<&String>,
        arguments: impl FnOnce(Call) -> Call,
    ) -> Result<T, Fault> {
        let service = directory::owner_of(model).ok_or_else(|| Fault::no_such_model(model))?;
        let mut call = arguments(Call::new(model, method, self.keyring.own_token(service)?));
        call.traceparent = traceparent.cloned();
        parse_reply(self.router.service(service)?.call(call).await?).await
    }

    /// A file that takes milliseconds of a core to make: not on a thread that serves.
    ///
    /// # Errors
    /// 500 where it can't be made; the reason goes to the log.
    pub async fn drawn<E: std::fmt::Display + Send + 'static>(
        &self,
        draw: impl FnOnce() -> Result<Vec<u8>, E> + Send + 'static,
    ) -> Result<Reply, Fault> {
        let failed = |error: &dyn std::fmt::Display| process::our_fault(S::NAME, "a document could not be drawn", error);
        let Ok(place) = self.drawing.clone().acquire_owned().await else { return Err(Fault::unavailable("Nothing is printed any more.")) };
        let draw = move || {
            let _place = place;
            draw()
        };
        match tokio::task::spawn_blocking(draw).await {
            Ok(Ok(bytes)) => Ok(Reply::json(bytes)),
            Ok(Err(error)) => Err(failed(&error)),
            Err(error) => Err(failed(&error)),
        }
    }

    /// A failure as the client may see it.
    pub fn refusal(&self, failure: Failure) -> Fault {
        match failure {
            Failure::Fault(fault) | Failure::Taken { fault, .. } => fault,
            Failure::Database(error) => crate::database::fault(S::NAME, error),
        }
    }
}

impl<S: Service> Endpoint for Owner<S> {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, Fault>> {
        Box::pin(self.answer(call))
    }
}
