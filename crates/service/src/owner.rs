//! How a service that keeps models answers a call: who asks, may they, then one statement for a read, one transaction for a
//! change.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::sql_types::BigInt;
use diesel_migrations::EmbeddedMigrations;
use domain::Identity;
use events::{Event, Feed};
use jsonrpc::{Call, Fault, Question, Reply};
use records::tx::Found;
use records::values::Mode;
use records::write::{Author, Told};
use records::{Action, Body as Taken, Failure, Filter, Model, Posted, Registry, Shape, Sql, Tx};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use tokio::sync::Semaphore;
use tracing::Instrument;

use crate::doctor::Finding;
use crate::identity::Caller;
use crate::questions::{self, Answered, parse_reply};
use crate::reading::{Reads, reads};
use crate::router::Endpoint;
use crate::shares::{Shares, working_for};
use crate::transaction::For;
use crate::{Database, Keyring, Pending, Router, directory, metrics, telemetry};

/// The longest that a feed's reader is kept waiting.
const LONG_POLL: Duration = Duration::from_secs(25);

/// How many files of printed documents are made at a time: each takes a core, and what stands in it is in memory.
const PAPERS: usize = 2;
/// How long a printed document waits for its turn: less than callers wait for an answer.
const PAPER_WAITS: Duration = Duration::from_secs(15);

/// A change's answer: the JSON of its result.
pub type Answer = Result<Json, Failure>;

/// A changing request before its transaction.
pub struct Asked<'a, S: Service> {
    /// The service with what it runs on: other services are asked here, not in the transaction.
    pub owner: &'a Owner<S>,
    /// Who asks.
    pub identity: &'a Identity,
    /// For which model.
    pub model: &'a Model,
    /// The call.
    pub call: &'a Call,
    /// The bank that the request is for: the one that it names, else the user's own.
    pub bank: Option<i64>,
    /// What a create came with, to be compared with what was kept of those before it.
    pub posted: &'a Posted,
    /// What is wrong with the request, to be told with the rest.
    pub problems: &'a mut Vec<String>,
}

/// What a service adds to what all of them do: its business.
pub trait Service: Send + Sync + Sized + 'static {
    /// What [`Service::prepare`] found out for a change.
    type Prepared: Default + Send + Sync;
    /// What [`Service::heard`] found out for events.
    type Heard: Default + Send + Sync;

    /// What it answers other services, by the types of its contract.
    const ANSWERS: &'static [Answered<Self>] = &[];

    /// Its name, its schema's and its role's.
    fn name(&self) -> &'static str;

    /// Its models.
    fn registry(&self) -> &Registry;

    /// Its schema.
    fn migrations(&self) -> EmbeddedMigrations;

    /// Makes a record.
    fn create<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        model: &'a Model,
        data: Map<String, Json>,
        prepared: &'a Self::Prepared,
    ) -> Pending<'a, Answer>;

    /// Changes records that are locked and may be changed.
    fn write<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        model: &'a Model,
        found: Found,
        data: Map<String, Json>,
        prepared: &'a Self::Prepared,
    ) -> Pending<'a, Answer>;

    /// Removes records that are locked and may be changed.
    fn unlink<'a>(&'a self, tx: &'a mut Tx<'_>, model: &'a Model, found: Found) -> Pending<'a, Answer> {
        Box::pin(async move { tx.unlink(model, found).await.map(|()| Json::Bool(true)) })
    }

    /// What needs no transaction, or must not happen in one: done before it, and may change the data.
    fn prepare<'a>(&'a self, _asked: Asked<'a, Self>, _data: &'a mut Map<String, Json>) -> Pending<'a, Result<Self::Prepared, Fault>> {
        Box::pin(async { Ok(Self::Prepared::default()) })
    }

    /// Which of the records that a change's filter names are meant, where the request names a bank.
    fn meant(&self, _model: &Model, filter: Filter, _bank: Option<i64>) -> Filter {
        filter
    }

    /// What a create takes, for it to be compared with those before it as it is read.
    fn shape<'a>(&'a self, model: &'a Model) -> Shape<'a> {
        Shape::of(model)
    }

    /// Whether a create as it was read has no natural key, so that the same from the same user within a day is one request.
    fn same_body_is_same(&self, _model: &str, _read: &Json) -> bool {
        false
    }

    /// The sealed fields of a record, opened.
    ///
    /// # Errors
    /// 500 where no key of ours opens it.
    fn unseal(&self, model: &Model, _id: i64, _text: &str) -> Result<Map<String, Json>, Fault> {
        Err(crate::our_fault(self.name(), "a model has sealed fields that its service does not open", &model.name))
    }

    /// The services whose feeds it follows.
    fn follows(&self) -> &'static [&'static str] {
        &[]
    }

    /// What it must find out about events before the transaction that takes them.
    fn heard<'a>(&'a self, _owner: &'a Owner<Self>, _feed: &'a str, _events: &'a [Event]) -> Pending<'a, Result<Self::Heard, Fault>> {
        Box::pin(async { Ok(Self::Heard::default()) })
    }

    /// The effect of events of a feed that it follows, in the transaction that moves its cursor past them. Events come more
    /// than once only where their transaction never committed.
    fn apply<'a>(
        &'a self,
        _tx: &'a mut Tx<'_>,
        _feed: &'a str,
        _events: &'a [Event],
        _heard: &'a Self::Heard,
    ) -> Pending<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    /// Called when a transaction of the service is committed, whatever it was: work may wait.
    fn committed(&self) {}

    /// Called after migrations that were due: tells what they have done to people.
    fn migrated<'a>(&'a self, _owner: &'a Owner<Self>) -> Pending<'a, ()> {
        Box::pin(async {})
    }

    /// What is wrong with what only it knows.
    fn examine<'a>(&'a self, _owner: &'a Owner<Self>) -> Pending<'a, Vec<Finding>> {
        Box::pin(async { Vec::new() })
    }

    /// What whoever asks whether it is ready should know of it besides.
    fn note<'a>(&'a self, _owner: &'a Owner<Self>) -> Pending<'a, Option<String>> {
        Box::pin(async { None })
    }

    /// Makes the database that of this process's installation; answers in words.
    fn adopt<'a>(&'a self, _owner: &'a Owner<Self>) -> Pending<'a, anyhow::Result<String>> {
        Box::pin(async { anyhow::bail!("{} keeps nobody's name: it is sync's database that is adopted", self.name()) })
    }

    /// Brings what it is doing to an end: called when the process stops, which waits for it some seconds.
    fn finish(&self) -> Pending<'_, ()> {
        Box::pin(async {})
    }

    /// Background work of its own, until it is dropped.
    fn work<'a>(&'a self, _owner: &'a Arc<Owner<Self>>) -> Pending<'a, ()> {
        Box::pin(async {})
    }

    /// A printed document about records, as PDF.
    fn report<'a>(
        &'a self,
        _owner: &'a Owner<Self>,
        _identity: &'a Identity,
        model: &'a Model,
        _report: &'a str,
        _ids: Vec<i64>,
    ) -> Pending<'a, Result<Reply, Fault>> {
        Box::pin(async move { Err(Fault::no_such_method(model.name, "report")) })
    }

    /// What a create or a write takes; none where there is no such request. Only what differs from the model's own fields
    /// needs to be said.
    fn body(&self, model: &Model, mode: Mode) -> Option<Taken> {
        Some(Taken::of(model, mode))
    }

    /// A filter that finds a record of the demo's.
    fn example_filter(&self, _model: &Model) -> Option<Json> {
        None
    }

    /// The public methods of its models besides Odoo's own.
    fn actions(&self) -> &'static [Action] {
        &[]
    }

    /// A public method of a model, in a transaction. `data` holds its named arguments.
    fn action<'a>(
        &'a self,
        _tx: &'a mut Tx<'_>,
        model: &'a Model,
        call: &'a Call,
        _data: Map<String, Json>,
        _prepared: &'a Self::Prepared,
    ) -> Pending<'a, Answer> {
        Box::pin(async move { Err(Fault::no_such_method(model.name, &call.method).into()) })
    }
}

/// A service with everything it runs on.
pub struct Owner<S> {
    /// Its business.
    pub service: S,
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
    pub(crate) reads: Reads,
    papers: Shares<i64>,
    /// Where papers are drawn: what is being drawn goes on when its caller has left.
    drawing: Arc<Semaphore>,
}

impl<S: Service> Owner<S> {
    /// Puts a service on its database.
    pub fn new(service: S, database: Database, keyring: Keyring, router: Router, max_rows: i64) -> Owner<S> {
        let feed = Feed::new(database.pool(), service.name());
        let papers = Shares::new("files of printed documents", PAPERS, 1);
        Owner { service, database, feed, keyring, router, max_rows, reads: reads(), papers, drawing: Arc::new(Semaphore::new(PAPERS)) }
    }

    /// Runs its migrations.
    ///
    /// # Errors
    /// The database's own.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        let ran = self.database.migrate(self.service.migrations()).await?;
        self.database.spread_net(self.service.registry()).await?;
        if ran {
            self.service.migrated(self).await;
        }
        Ok(())
    }

    async fn answer(&self, mut call: Call) -> Result<Reply, Fault> {
        // What no request has caused, as the asking for a feed, is part of no trace and begins none
        let span = match &call.traceparent {
            None => tracing::Span::none(),
            Some(_) => {
                tracing::info_span!(target: telemetry::SPANS, "call", otel.name = %format_args!("{} {}", call.model, call.method), service = self.service.name())
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
        let model = self.service.registry().get(&call.model).map_or("other", |model| model.name);
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
        let model = self.service.registry().model(&call.model)?;
        match call.method.as_str() {
            "read" => self.read(&identity, model, &call.params).await,
            "search_read" => self.search_read(identity, model, &call.params).await,
            // Only the door for reports names one
            "report" => {
                let (report, ids) = (call.params.need::<String>("report")?, call.params.need("ids")?);
                let _place = self.papers.take(identity.uid, PAPER_WAITS).await?;
                self.service.report(self, &identity, model, &report, ids).await
            }
            "create" | "write" | "unlink" => self.change(&identity, model, call).await,
            method if self.action(model, method).is_some() => self.change(&identity, model, call).await,
            method => Err(Fault::no_such_method(model.name, method)),
        }
    }

    /// A model's public method of this name.
    pub(crate) fn action(&self, model: &Model, method: &str) -> Option<&'static Action> {
        self.service.actions().iter().find(|action| action.model == model.name && action.method == method)
    }

    /// What stands in the service's contract, and what every service answers.
    async fn answer_service(&self, asker: &str, call: &Call) -> Result<Reply, Fault> {
        let own = self.service.name();
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
                let model = self.service.registry().model(&call.model)?;
                let mut sql = Sql::new(&format!("SELECT t.id FROM {} t WHERE t.deleted_at IS NULL AND t.id = ANY(", model.table));
                sql.bind(call.params.need::<Vec<i64>>("ids")?).push(")");
                Ok(Reply::value(&self.database.search::<BigInt, i64>(sql).await?))
            }
            "_referring" => {
                let ids: Vec<i64> = call.params.need("ids")?;
                let of: String = call.params.need("of")?;
                let mut open = self.database.begin_snapshot().await?;
                let identity = Identity::system();
                let mut tx =
                    self.tx(&mut open, &For { identity: &identity, claimed: None, bank: None, traceparent: None, follows: false })?;
                let referring = tx.referring(&of, ids).await.map_err(|failure| self.refusal(failure))?;
                open.rollback().await;
                Ok(Reply::value(&referring))
            }
            // A reader tells by asking how far it has come; a doctor only looks
            "_feed" if call.params.get::<bool>("look")?.unwrap_or_default() => {
                let events = self.feed.read(call.params.need("after")?, call.params.need("limit")?).await;
                Ok(Reply::json(events.map_err(|error| crate::database::fault(self.service.name(), error))?))
            }
            "_feed" => {
                let number = |name: &str| call.params.get::<i64>(name).map(Option::unwrap_or_default);
                self.events(caller, number("after")?, number("limit")?, call.params.get::<u64>("wait")?.unwrap_or_default()).await
            }
            "_read" => self.read_for_service(call).await,
            "_outlines" => Ok(Reply::value(&self.service.registry().outlines())),
            // One event, for a follower that put it aside
            "_event" => {
                let failed = |error| crate::database::fault(self.service.name(), error);
                let pos: i64 = call.params.need("pos")?;
                let next: Vec<Event> = serde_json::from_str(&self.feed.read(pos - 1, 1).await.map_err(failed)?)
                    .map_err(|error| crate::our_fault(self.service.name(), "an event can't be read", &error))?;
                Ok(Reply::value(&next.into_iter().filter(|event| event.pos == pos).collect::<Vec<_>>()))
            }
            // Of everything that is committed
            "_position" => {
                let failed = |error| crate::database::fault(self.service.name(), error);
                Ok(Reply::value(&self.feed.stamp_once().await.map_err(failed)?))
            }
            "_described" => Ok(Reply::value(&crate::described::all(&self.service))),
            _ => Err(Fault::no_such_method(&call.model, &call.method)),
        }
    }

    /// The events after a position, for a service of ours, waiting some seconds for the first one if there is none yet.
    /// Asking tells that everything up to `after` has been read.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) async fn events(&self, reader: &str, after: i64, limit: i64, wait: u64) -> Result<Reply, Fault> {
        let failed = |error| crate::database::fault(self.service.name(), error);
        let events = self.feed.read_as(reader, after, limit, Duration::from_secs(wait).min(LONG_POLL)).await.map_err(failed)?;
        Ok(Reply::json(events))
    }

    pub(crate) fn tx<'a>(&'a self, open: &'a mut crate::database::Open, whose: &For<'a>) -> Result<Tx<'a>, Fault> {
        let For { identity, claimed, bank, traceparent, .. } = *whose;
        let origin = identity.origin_claiming(claimed).as_str();
        let author =
            Author { origin, bank: identity.bank.or(bank), uid: identity.uid, traceparent: traceparent.cloned(), told: Told::default() };
        let conn = open.connection().map_err(|error| crate::database::fault(self.service.name(), error))?;
        Ok(Tx {
            conn,
            registry: self.service.registry(),
            identity,
            author,
            early: Vec::new(),
            posted: Posted::default(),
            is_repeated: false,
        })
    }

    /// Asks another service what stands in its contract. `traceparent` is the trace context of the request that it is for.
    ///
    /// # Errors
    /// As [`questions::ask`].
    pub async fn ask<Q: Question>(&self, question: &Q, traceparent: Option<&String>) -> Result<Q::Answer, Fault> {
        questions::ask(&self.router, &self.keyring, question, traceparent).await
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
    /// As [`questions::position_of`].
    pub async fn position_of(&self, feed: &'static str) -> Result<i64, Fault> {
        questions::position_of(&self.router, &self.keyring, feed).await
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
        let failed = |error: &dyn std::fmt::Display| crate::our_fault(self.service.name(), "a document could not be drawn", error);
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
            Failure::Fault(fault) => fault,
            Failure::Database(error) => crate::database::fault(self.service.name(), error),
        }
    }
}

impl<S: Service> Endpoint for Owner<S> {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, Fault>> {
        Box::pin(self.answer(call))
    }
}
