//! How a service that keeps models answers a call: who asks, may they, then one statement for a read, one transaction for a
//! change.

use std::time::Instant;

use diesel::sql_types::BigInt;
use diesel_migrations::EmbeddedMigrations;
use domain::{Identity, Origin};
use events::Feed;
use jsonrpc::{Body, Call, Fault, Reply};
use records::tx::Found;
use records::write::Author;
use records::{Failure, Model, Registry, Sql, Tx};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use tracing::Instrument;

use crate::identity::Caller;
use crate::reading::{Reads, reads};
use crate::router::Endpoint;
use crate::{Database, Keyring, Pending, Router, directory, metrics, telemetry};

/// A change's answer: the JSON of its result.
pub type Answer = Result<Json, Failure>;

/// What a service adds to what all of them do: its business.
pub trait Service: Send + Sync + 'static {
    /// Its name, its schema's and its role's.
    fn name(&self) -> &'static str;

    /// Its models.
    fn registry(&self) -> &Registry;

    /// Its schema.
    fn migrations(&self) -> EmbeddedMigrations;

    /// Makes a record.
    fn create<'a>(&'a self, tx: &'a mut Tx<'_>, model: &'a Model, data: Map<String, Json>) -> Pending<'a, Answer>;

    /// Changes records that are locked and may be changed.
    fn write<'a>(&'a self, tx: &'a mut Tx<'_>, model: &'a Model, found: Found, data: Map<String, Json>) -> Pending<'a, Answer>;

    /// Removes records that are locked and may be changed.
    fn unlink<'a>(&'a self, tx: &'a mut Tx<'_>, model: &'a Model, found: Found) -> Pending<'a, Answer> {
        Box::pin(async move { tx.unlink(model, found).await.map(|()| Json::Bool(true)) })
    }

    /// What needs no transaction, or must not happen in one: done before it, and may change the data.
    fn prepare<'a>(
        &'a self,
        _identity: &'a Identity,
        _model: &'a Model,
        _call: &'a Call,
        _data: &'a mut Map<String, Json>,
    ) -> Pending<'a, Result<(), Fault>> {
        Box::pin(async { Ok(()) })
    }

    /// The names of the arguments of a model's public method besides Odoo's own, if it has it.
    fn action_signature(&self, _model: &str, _method: &str) -> Option<&'static [&'static str]> {
        None
    }

    /// A public method of a model, in a transaction. `data` holds its named arguments.
    fn action<'a>(&'a self, _tx: &'a mut Tx<'_>, model: &'a Model, call: &'a Call, _data: Map<String, Json>) -> Pending<'a, Answer> {
        Box::pin(async move { Err(Fault::no_such_method(model.name, &call.method).into()) })
    }

    /// A method that only services of ours may call, by name of the caller.
    fn private<'a>(&'a self, _owner: &'a Owner<Self>, _caller: &'a str, call: &'a Call) -> Pending<'a, Result<Reply, Fault>>
    where
        Self: Sized,
    {
        Box::pin(async move { Err(Fault::no_such_method(&call.model, &call.method)) })
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
}

impl<S: Service> Owner<S> {
    /// Puts a service on its database.
    pub fn new(service: S, database: Database, keyring: Keyring, router: Router, max_rows: i64) -> Owner<S> {
        let feed = Feed::new(database.pool(), service.name());
        Owner { service, database, feed, keyring, router, max_rows, reads: reads() }
    }

    /// Runs its migrations.
    ///
    /// # Errors
    /// The database's own.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        self.database.migrate(self.service.migrations()).await
    }

    async fn answer(&self, mut call: Call) -> Result<Reply, Fault> {
        let span = tracing::info_span!(target: telemetry::SPANS, "call", otel.name = %format_args!("{} {}", call.model, call.method), service = self.service.name());
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
            Caller::Service(name) if call.method.starts_with('_') => return self.private(&name, call).await,
            Caller::Service(name) => return Err(Fault::access_error(format!("The service '{name}' may not call '{}'.", call.method))),
            Caller::User(identity) => identity,
        };
        if call.method.starts_with('_') {
            return Err(Fault::access_error(format!("Private methods (such as {}) cannot be called remotely.", call.method)));
        }
        let model = self.service.registry().model(&call.model)?;
        match call.method.as_str() {
            "read" => self.read(&identity, model, &call.params).await,
            "search_read" => self.search_read(identity, model, &call.params).await,
            "create" | "write" | "unlink" => self.change(&identity, model, call).await,
            method if self.service.action_signature(model.name, method).is_some() => self.change(&identity, model, call).await,
            method => Err(Fault::no_such_method(model.name, method)),
        }
    }

    /// What services ask each other about records: which of some ids are there, and what refers to some.
    async fn private(&self, caller: &str, call: &Call) -> Result<Reply, Fault> {
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
                let mut tx = self.tx(&mut open, &identity, None, None, None)?;
                let referring = tx.referring(&of, ids).await.map_err(|failure| self.refusal(failure))?;
                open.rollback().await;
                Ok(Reply::value(&referring))
            }
            _ => self.service.private(self, caller, call).await,
        }
    }

    pub(crate) fn tx<'a>(
        &'a self,
        open: &'a mut crate::database::Open,
        identity: &'a Identity,
        claimed: Option<Origin>,
        bank: Option<i64>,
        traceparent: Option<String>,
    ) -> Result<Tx<'a>, Fault> {
        let origin = identity.origin_claiming(claimed).as_str();
        let author = Author { origin, bank: identity.bank.or(bank), uid: identity.uid, traceparent };
        let conn = open.connection().map_err(|error| crate::database::fault(self.service.name(), error))?;
        Ok(Tx { conn, registry: self.service.registry(), identity, author, early: Vec::new() })
    }

    /// Asks the service that keeps a call's model, as this service.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, mut call: Call) -> Result<T, Fault> {
        let service = directory::owner_of(&call.model).ok_or_else(|| Fault::no_such_model(&call.model))?;
        call.token = self.keyring.own_token(service)?;
        parse_reply(self.router.service(service)?.call(call).await?)
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

/// The JSON of a whole reply.
///
/// # Errors
/// 503 when it is not what was expected.
pub fn parse_reply<T: DeserializeOwned>(reply: Reply) -> Result<T, Fault> {
    match reply.body {
        Body::Whole(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
            tracing::error!(%error, "a service answered what was not expected");
            Fault::unavailable("A service answered what was not expected.")
        }),
        Body::Stream(_) => Err(Fault::unavailable("A service answered what was not expected.")),
    }
}
