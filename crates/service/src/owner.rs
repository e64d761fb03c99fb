//! How a service that keeps models answers a call: who asks, may they, then one statement for a read, one transaction for a
//! change.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_migrations::EmbeddedMigrations;
use domain::{Identity, Kind as Who, Origin};
use events::Feed;
use futures_util::{StreamExt, TryStreamExt};
use jsonrpc::{Body, Call, Fault, Params, Reply, strict};
use records::condition::denied;
use records::read::{ListRequest, Page, Reader, Window, cursor};
use records::sql::Statement;
use records::tx::{Found, refuse_referred};
use records::write::Author;
use records::{Failure, Filter, Kind, Model, Op, Registry, Selection, Sql, Tx};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use tracing::Instrument;

use crate::identity::Caller;
use crate::router::Endpoint;
use crate::{Database, Keyring, Pending, Router, directory, metrics, telemetry};

/// Answers of up to so many records are made in one statement; more are streamed.
const WHOLE_ROWS: i64 = 1_000;
/// Streams go out in pieces of about this size, in bytes.
const PIECE: usize = 64 * 1024;
/// How often a transaction that met another is tried.
const TRIES: usize = 4;
/// How long a copy of a request that is still running waits for its answer.
const COPY_WAITS: Duration = Duration::from_secs(10);

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
}

impl<S: Service> Owner<S> {
    /// Puts a service on its database.
    pub fn new(service: S, database: Database, keyring: Keyring, router: Router, max_rows: i64) -> Owner<S> {
        let feed = Feed::new(database.pool(), service.name());
        Owner { service, database, feed, keyring, router, max_rows }
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

    fn reader<'a>(&'a self, identity: &'a Identity) -> Reader<'a> {
        Reader { registry: self.service.registry(), identity }
    }

    async fn read(&self, identity: &Identity, model: &Model, params: &Params) -> Result<Reply, Fault> {
        let id: i64 = params.need("id")?;
        let selection = Selection::parse(&params.get::<String>("query")?.unwrap_or_default())?;
        let sql = self.reader(identity).one(model, id, &selection)?;
        let row = if is_short(model, &selection) {
            self.database.read_line(sql).await?
        } else {
            self.database.search::<Text, String>(sql).await?
        };
        row.into_iter().next().map(Reply::json).ok_or_else(|| Fault::missing(model.name, id))
    }

    async fn search_read(&self, identity: Arc<Identity>, model: &Model, params: &Params) -> Result<Reply, Fault> {
        let request = ListRequest::parse(params)?;
        let open_ended = request.window == Window::First(None);
        let at_most = if open_ended { WHOLE_ROWS + 1 } else { i64::MAX };
        let sql = self.reader(&identity).page(model, &request, at_most)?;
        type Columns = (Text, BigInt, Nullable<BigInt>, Nullable<BigInt>);
        let row = self.database.search::<Columns, (String, i64, Option<i64>, Option<i64>)>(sql).await?.pop();
        let page = row.map_or_else(Page::default, |(rows, count, total, last_id)| Page { rows, count, total, last_id });
        if open_ended && page.count > WHOLE_ROWS {
            return self.export(&identity, model, &request).await;
        }
        Ok(Reply::json(envelope(&request.window, &page)))
    }

    /// Every match, streamed: one state of the data from the count to the last row.
    async fn export(&self, identity: &Identity, model: &Model, request: &ListRequest) -> Result<Reply, Fault> {
        let mut open = self.database.begin_snapshot().await?;
        let service = self.service.name();
        let failed = |error| crate::database::fault(service, error);
        let counted = self.reader(identity).count(model, request, self.max_rows + 1)?;
        let connection = open.connection().map_err(failed)?;
        let count = counted.load::<BigInt, i64>(connection).await.map_err(failed)?.pop().unwrap_or_default();
        if count > self.max_rows {
            open.rollback().await;
            return Err(Fault::validation(format!(
                "More than {} records match: read them by pages with `page_size`, or walk with `after`.",
                self.max_rows
            )));
        }
        let rows = self.reader(identity).rows(model, request)?;
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, Fault>>(4);
        tokio::spawn(async move {
            let work = async {
                let connection = open.connection().map_err(failed)?;
                let mut rows =
                    diesel_async::RunQueryDsl::load_stream::<String>(Statement::<Text>::of(rows), connection).await.map_err(failed)?;
                let mut piece = BytesMut::with_capacity(PIECE + 4096);
                piece.extend_from_slice(
                    format!(r#"{{"count":{count},"prev":null,"current":1,"next":null,"total_pages":1,"result":["#).as_bytes(),
                );
                let mut first = true;
                while let Some(row) = rows.try_next().await.map_err(failed)? {
                    if !std::mem::take(&mut first) {
                        piece.extend_from_slice(b",");
                    }
                    piece.extend_from_slice(row.as_bytes());
                    if piece.len() >= PIECE && sender.send(Ok(piece.split().freeze())).await.is_err() {
                        return Ok(());
                    }
                }
                piece.extend_from_slice(b"]}");
                let _ = sender.send(Ok(piece.freeze())).await;
                drop(rows);
                open.rollback().await;
                Ok(())
            };
            // A stream that breaks can only be cut off: its reader sees that the end is missing
            if let Err(fault) = work.await {
                let _ = sender.send(Err(fault)).await;
            }
        });
        let stream =
            futures_util::stream::unfold(receiver, |mut receiver| async move { receiver.recv().await.map(|piece| (piece, receiver)) });
        Ok(Reply { body: Body::Stream(stream.boxed()), matched: None, replayed: false })
    }

    fn tx<'a>(
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
        Ok(Tx { conn, registry: self.service.registry(), identity, author })
    }

    /// A changing request: rights, then what needs the network, then one transaction, tried again where it met another.
    async fn change(&self, identity: &Identity, model: &Model, call: &Call) -> Result<Reply, Fault> {
        let access = (model.access)(identity);
        let (allowed, what) = match call.method.as_str() {
            "create" => (access.create, "create"),
            "unlink" => (access.unlink, "delete"),
            "write" => (access.write, "modify"),
            _ => (access.read, "access"),
        };
        if !allowed {
            return Err(denied(model, what));
        }
        let mut data = match call.params.raw("data") {
            Some(raw) => strict::object("data", raw)?,
            None if matches!(call.method.as_str(), "create" | "write") => {
                let verb = if call.method == "create" { "POST" } else { "PUT" };
                return Err(Fault::validation(format!("`data` parameter is not found on {verb} request body")));
            }
            None => self.arguments(model, call)?,
        };
        let context = call.params.raw("context").map(|raw| strict::value("context", raw)).transpose()?.unwrap_or_default();
        let flag = |name: &str| context.get(name).and_then(Json::as_bool);
        let target = match call.method.as_str() {
            "write" | "unlink" => Some(self.target(model, call)?),
            _ => None,
        };
        let claimed = claimed_origin(&mut data)?;
        let bank = self.named_bank(identity, call, &mut data).await?;
        self.service.prepare(identity, model, call, &mut data).await?;
        self.check_foreign(model, &data).await?;
        if let (Some((filter, _)), "unlink") = (&target, call.method.as_str()) {
            self.ask_referring(identity, model, filter).await?;
        }

        let deadline = Instant::now() + COPY_WAITS;
        let mut tries = 0;
        loop {
            let mut open = self.database.begin().await?;
            let mut tx = self.tx(&mut open, identity, claimed, bank, call.traceparent.clone())?;
            let work = async {
                let key = match self.earlier(&mut tx, call).await? {
                    Earlier::Answered(reply) => return Ok(Done::Replayed(reply)),
                    Earlier::Running => return Ok(Done::Running),
                    Earlier::None(key) => key,
                };
                let (answer, matched) = match (&target, call.method.as_str()) {
                    (Some((filter, single)), method) => {
                        let found = tx.find_locked(model, filter, single.is_none() && flag("active_test") != Some(false), flag("bulk") == Some(true)).await?;
                        if let (Some(id), true) = (single, found.ids.is_empty()) {
                            return Err(Fault::missing(model.name, *id).into());
                        }
                        let matched = found.ids.len();
                        let answer = match (method, matched) {
                            (_, 0) => Json::Bool(true),
                            ("write", _) => self.service.write(&mut tx, model, found, data.clone()).await?,
                            _ => self.service.unlink(&mut tx, model, found).await?,
                        };
                        (answer, Some(matched))
                    }
                    (None, "create") => (self.service.create(&mut tx, model, data.clone()).await?, None),
                    (None, _) => (self.service.action(&mut tx, model, call, data.clone()).await?, None),
                };
                let (answer, matched) = (answer.to_string(), matched.and_then(|n| i64::try_from(n).ok()));
                if let (Some(key), Some(idempotency)) = (key, &call.idempotency) {
                    keep_answer(&mut tx, key, &idempotency.payload, &answer, matched).await?;
                }
                Ok(Done::Fresh { answer, matched })
            }
            .instrument(self.database.span("TRANSACTION"))
            .await;
            match work {
                Ok(Done::Fresh { answer, matched }) => {
                    open.commit().await.map_err(|error| self.unknown_outcome(error))?;
                    self.feed.written();
                    let mut reply = Reply::json(answer);
                    reply.matched = matched.and_then(|n| u64::try_from(n).ok());
                    return Ok(reply);
                }
                Ok(Done::Replayed(reply)) => {
                    open.rollback().await;
                    metrics::REPLAYS.with_label_values(&[self.service.name()]).inc();
                    return Ok(reply);
                }
                Ok(Done::Running) => {
                    open.rollback().await;
                    if Instant::now() > deadline {
                        return Err(Fault::busy());
                    }
                    // Without a connection: a crowd of copies must not take the pool from the one that works
                    tokio::time::sleep(Duration::from_millis(20 + rand::random::<u64>() % 30)).await;
                }
                Err(Failure::Database(error)) if crate::database::is_transient(&error) && tries + 1 < TRIES => {
                    open.rollback().await;
                    tries += 1;
                    let most = 10_u64 << tries;
                    tokio::time::sleep(Duration::from_millis(rand::random::<u64>() % most)).await;
                }
                Err(failure) => {
                    open.rollback().await;
                    return Err(self.refusal(failure));
                }
            }
        }
    }

    /// An action's arguments by name: those given by position get theirs from the signature.
    fn arguments(&self, model: &Model, call: &Call) -> Result<Map<String, Json>, Fault> {
        let mut data = call.params.raw("kwargs").map_or_else(|| Ok(Map::new()), |raw| strict::object("kwargs", raw))?;
        let names = self.service.action_signature(model.name, &call.method).unwrap_or_default();
        let given = match call.params.raw("args").map(|raw| strict::value("args", raw)).transpose()? {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::Array(items)) => items,
            Some(other) => return Err(Fault::validation(format!("`args` must be a list, not {}", strict::kind(&other)))),
        };
        let unexpected = data.keys().find(|name| !names.contains(&name.as_str()));
        if given.len() > names.len() || unexpected.is_some() {
            return Err(Fault::validation(format!("{}.{} takes the arguments ({})", model.name, call.method, names.join(", "))));
        }
        for (name, value) in names.iter().zip(given) {
            data.insert((*name).to_owned(), value);
        }
        Ok(data)
    }

    /// Which records a write or unlink means: those of its filter, or the one of its id.
    fn target(&self, model: &Model, call: &Call) -> Result<(Filter, Option<i64>), Fault> {
        if let Some(id) = call.params.get::<i64>("id")? {
            return Ok((Filter::leaf("id", Op::Eq, id), Some(id)));
        }
        let filter = call.params.raw("filter").map_or_else(|| Ok(Filter::all()), Filter::parse)?;
        if filter.is_all() {
            return Err(Fault::validation(format!(
                "`filter` is required and must not be empty: it says which '{}' records are meant.",
                model.name
            )));
        }
        Ok((filter, None))
    }

    /// The bank that a request names as its source, which a bank's user may only do with its own.
    async fn named_bank(&self, identity: &Identity, call: &Call, data: &mut Map<String, Json>) -> Result<Option<i64>, Fault> {
        let named = [data.remove("source"), data.remove("order_source")].into_iter().flatten().find(|name| !name.is_null() && name != "");
        let Some(named) = named else { return Ok(None) };
        let Json::String(name) = named else {
            return Err(Fault::validation(format!("`source` must be a bank's name, not {}", strict::kind(&named))));
        };
        let bank = self.ask::<Result<i64, Vec<String>>>("res.bank", "_named", &[("name", &name)], call).await?;
        match (bank, identity.kind()) {
            (Ok(bank), Who::Bank(own)) if bank != own => Err(Fault::access_error("A user of a bank can't act for another bank.")),
            (Ok(bank), _) => Ok(Some(bank)),
            (Err(_), Who::Bank(_)) => Err(Fault::access_error("A user of a bank can't act for another bank.")),
            (Err(known), _) => Err(Fault::validation(format!("Unknown bank '{name}': known are {}", known.join(", ")))),
        }
    }

    /// References to other services' records must lead somewhere: one call a model, before the transaction.
    async fn check_foreign(&self, model: &Model, data: &Map<String, Json>) -> Result<(), Fault> {
        let registry = self.service.registry();
        for field in model.fields.iter().filter(|field| !field.readonly) {
            let Kind::Many2one(comodel) = field.kind else { continue };
            if registry.get(comodel).is_some() {
                continue;
            }
            let mut ids = Vec::new();
            collect(data, field.name, &mut ids);
            if ids.is_empty() {
                continue;
            }
            let known: Vec<i64> = self.ask(comodel, "_existing", &[("ids", &ids)], &Call::new("", "", Arc::from(""))).await?;
            if let Some(missing) = ids.iter().find(|id| !known.contains(id)) {
                return Err(Fault::validation(format!("Unknown reference in {}.{}: '{missing}'", model.name, field.name)));
            }
        }
        Ok(())
    }

    /// Asks the services whose records may refer to what is to be removed; one call each, before the transaction.
    async fn ask_referring(&self, identity: &Identity, model: &Model, filter: &Filter) -> Result<(), Fault> {
        let services: Vec<_> = directory::referring_to(model.name).collect();
        if services.is_empty() {
            return Ok(());
        }
        let request = ListRequest {
            filter: filter.clone(),
            selection: Selection::fields(["id"]),
            order: None,
            active_test: false,
            window: Window::First(Some(1_000)),
        };
        let rows = self.reader(identity).rows(model, &request)?;
        let rows = self.database.search::<Text, String>(rows).await?;
        let ids: Vec<i64> = rows.iter().filter_map(|row| serde_json::from_str::<Json>(row).ok()?.get("id")?.as_i64()).collect();
        let mut referring = Vec::new();
        for service in services {
            let token = self.keyring.own_token(service)?;
            let call = Call::new("", "_referring", token).with("of", &model.name).with("ids", &ids);
            referring.extend(parse_reply::<Vec<String>>(self.router.service(service)?.call(call).await?)?);
        }
        refuse_referred(model.name, referring)
    }

    /// Asks the service that keeps a model, as this service.
    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        model: &'static str,
        method: &str,
        arguments: &[(&str, &(dyn erased::Argument + Sync))],
        because: &Call,
    ) -> Result<T, Fault> {
        let Some(service) = directory::owner_of(model) else { return Err(Fault::no_such_model(model)) };
        let mut call = Call::new(model, method, self.keyring.own_token(service)?);
        call.traceparent = because.traceparent.clone();
        for (name, value) in arguments {
            value.set(name, &mut call.params);
        }
        parse_reply(self.router.service(service)?.call(call).await?)
    }

    async fn earlier(&self, tx: &mut Tx<'_>, call: &Call) -> Result<Earlier, Failure> {
        let Some(idempotency) = &call.idempotency else { return Ok(Earlier::None(None)) };
        let scope = format!("{}\n{}\n{}", tx.identity.uid, idempotency.scope, idempotency.key);
        let digest = Sha256::digest(scope.as_bytes());
        let key: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut lock = Sql::new("SELECT pg_try_advisory_xact_lock(('x' || left(");
        lock.bind(key.as_str()).push(", 16))::bit(64)::bigint)");
        if lock.load::<Bool, bool>(tx.conn).await?.first() != Some(&true) {
            return Ok(Earlier::Running);
        }
        let mut kept = Sql::new("SELECT payload, answer, matched FROM idempotency WHERE key = decode(");
        kept.bind(key.as_str()).push(", 'hex') AND at > now() - interval '24 hours'");
        let rows = kept.load::<(Text, Text, Nullable<BigInt>), (String, String, Option<i64>)>(tx.conn).await?;
        match rows.into_iter().next() {
            None => Ok(Earlier::None(Some(key))),
            Some((payload, _, _)) if payload != idempotency.payload => {
                Err(Fault::validation("This Idempotency-Key was used with another payload.").into())
            }
            Some((_, answer, matched)) => Ok(Earlier::Answered(Reply {
                body: Body::Whole(answer.into()),
                matched: matched.and_then(|n| u64::try_from(n).ok()),
                replayed: true,
            })),
        }
    }

    fn unknown_outcome(&self, error: diesel::result::Error) -> Fault {
        tracing::warn!(service = self.service.name(), %error, "a commit was not confirmed");
        Fault::unavailable("The database went away while it was storing: the outcome is unknown. Send the same request again.")
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

/// Arguments of a call between services, by reference.
mod erased {
    use jsonrpc::Params;
    use serde::Serialize;

    pub trait Argument {
        fn set(&self, name: &str, params: &mut Params);
    }

    impl<T: Serialize> Argument for T {
        fn set(&self, name: &str, params: &mut Params) {
            params.set(name, self);
        }
    }
}

enum Earlier {
    None(Option<String>),
    Running,
    Answered(Reply),
}

enum Done {
    Fresh { answer: String, matched: Option<i64> },
    Replayed(Reply),
    Running,
}

/// The JSON of a whole reply.
///
/// # Errors
/// 503 when it is not what was expected.
pub fn parse_reply<T: serde::de::DeserializeOwned>(reply: Reply) -> Result<T, Fault> {
    match reply.body {
        Body::Whole(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
            tracing::error!(%error, "a service answered what was not expected");
            Fault::unavailable("A service answered what was not expected.")
        }),
        Body::Stream(_) => Err(Fault::unavailable("A service answered what was not expected.")),
    }
}

async fn keep_answer(tx: &mut Tx<'_>, key: String, payload: &str, answer: &str, matched: Option<i64>) -> Result<(), Failure> {
    let mut sql = Sql::new("INSERT INTO idempotency (key, payload, answer, matched) VALUES (decode(");
    sql.bind(key).push(", 'hex'), ").bind(payload).push(", ").bind(answer).push(", ").bind(matched);
    sql.push(") ON CONFLICT (key) DO UPDATE SET payload = excluded.payload, answer = excluded.answer, matched = excluded.matched, at = now() RETURNING 1::bigint");
    sql.load::<BigInt, i64>(tx.conn).await?;
    Ok(())
}

/// `create_by`, in any of its spellings.
fn claimed_origin(data: &mut Map<String, Json>) -> Result<Option<Origin>, Fault> {
    match data.remove("create_by") {
        None | Some(Json::Null | Json::Bool(false)) => Ok(None),
        Some(Json::String(text)) => match Origin::parse(&text) {
            Some(origin) => Ok(Some(origin)),
            None => Err(Fault::validation("Wrong value for create_by: 'ekiclik' or 'odoo' was expected")),
        },
        Some(other) => {
            Err(Fault::validation(format!("Wrong value for create_by: {}; 'ekiclik' or 'odoo' was expected", strict::kind(&other))))
        }
    }
}

/// The numbers that stand under a key, at any depth of the data.
fn collect(data: &Map<String, Json>, key: &str, ids: &mut Vec<i64>) {
    for (name, value) in data {
        match value {
            Json::Object(inner) => collect(inner, key, ids),
            Json::Array(items) => items.iter().filter_map(Json::as_object).for_each(|inner| collect(inner, key, ids)),
            value if name == key => ids.extend(value.as_i64().filter(|id| !ids.contains(id))),
            _ => {}
        }
    }
}

/// Whether a read touches one row of one table and its many2ones only.
fn is_short(model: &Model, selection: &Selection) -> bool {
    selection.items.iter().all(|item| match item {
        records::Item::Field(name, None) => model.field(name).is_none_or(|field| !matches!(field.kind, Kind::One2many { .. })),
        records::Item::Field(..) => false,
        _ => !model.fields.iter().any(|field| matches!(field.kind, Kind::One2many { .. })),
    })
}

/// The add-on's list: `{count, prev, current, next, total_pages, result}`, with `total` where pages are asked for and
/// `next_cursor` on a walk.
fn envelope(window: &Window, page: &Page) -> Vec<u8> {
    use std::io::Write;
    let number = |n: Option<i64>| n.map_or("null".to_owned(), |n| n.to_string());
    let mut out = Vec::with_capacity(page.rows.len() + 160);
    let (current, pages) = match *window {
        Window::Page { page: current, size, .. } => {
            (current, page.total.unwrap_or(0).div_euclid(size) + i64::from(page.total.unwrap_or(0) % size > 0))
        }
        _ => (1, 1),
    };
    let beside = |n: i64| Some(n).filter(|n| (1..=pages).contains(n) && current <= pages && matches!(window, Window::Page { .. }));
    let _ = write!(
        out,
        r#"{{"count":{},"prev":{},"current":{current},"next":{},"total_pages":{pages}"#,
        page.count,
        number(beside(current - 1)),
        number(beside(current + 1)),
    );
    if let Some(total) = page.total {
        let _ = write!(out, r#","total":{total}"#);
    }
    if let Window::After { limit, .. } = *window {
        match page.last_id.filter(|_| page.count == limit) {
            Some(id) => drop(write!(out, r#","next_cursor":"{}""#, cursor(id))),
            None => out.extend_from_slice(br#","next_cursor":null"#),
        }
    }
    out.extend_from_slice(br#","result":["#);
    out.extend_from_slice(page.rows.as_bytes());
    out.extend_from_slice(b"]}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(window: Window, count: i64, total: Option<i64>) -> String {
        String::from_utf8(envelope(&window, &Page { rows: "{}".into(), count, total, last_id: Some(255) })).unwrap()
    }

    #[test]
    fn pages_are_counted_as_the_add_on_counts_them() {
        let page = |page| Window::Page { page, size: 2, limit: None };
        assert_eq!(text(page(1), 2, Some(5)), r#"{"count":2,"prev":null,"current":1,"next":2,"total_pages":3,"total":5,"result":[{}]}"#);
        assert_eq!(text(page(3), 1, Some(5)), r#"{"count":1,"prev":2,"current":3,"next":null,"total_pages":3,"total":5,"result":[{}]}"#);
        assert!(text(page(4), 0, Some(5)).contains(r#""prev":null,"current":4,"next":null,"total_pages":3"#));
        assert!(text(page(1), 0, Some(0)).contains(r#""total_pages":0"#));
    }

    #[test]
    fn a_walk_ends_without_a_cursor() {
        let walk = Window::After { id: 0, limit: 2 };
        assert!(text(walk, 2, None).contains(r#""next_cursor":"id-ff""#));
        assert!(text(walk, 1, None).contains(r#""next_cursor":null"#));
    }
}
