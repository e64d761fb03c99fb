//! A service's database: a pool for transactions and searches, and one pipelined connection a thread for short reads.

mod faults;
mod migrating;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context;
use diesel::pg::Pg;
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DbError};
use diesel::sql_types::{Text, Untyped};
use diesel::{ConnectionError, ConnectionResult, QueryResult, QueryableByName};
use diesel_async::methods::LoadQuery;
use diesel_async::pooled_connection::deadpool::{Object, Pool, PoolError};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use jsonrpc::Fault;
use records::running::Typed;
use records::{Sql, Statement, sql};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use tracing::Instrument;

pub use faults::{fault, is_closed, is_transient, slow};
pub use migrating::patiently;

use process::shares::{self, Share, Shares};
use process::{directory, metrics, our_fault, telemetry};

use crate::hashing;

/// How many short reads may be on their way on one pipelined connection, and how many of them for one user.
const PIPELINED: (usize, usize) = (128, 32);
/// How long opening a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How much longer than PostgreSQL lets a statement take its answer is waited for: then the database is silent.
const SILENCE: Duration = Duration::from_secs(5);
/// How long a transaction may take in all.
pub const TRANSACTION: Duration = Duration::from_secs(60);
process::settings! {
    /// Where a service's data is.
    pub struct DatabaseConfig {
        /// PostgreSQL's URL, `postgres://role:password@host/database`.
        database_url: SecretString,
        /// Connections for transactions and searches.
        database_connections: usize = "12",
        /// How many of them work for one user at a time.
        database_user_connections: usize = "4",
        /// How long a request waits for one of them before it gets 503, in milliseconds.
        database_wait_ms: u64 = "2000",
        /// How long one statement may take, in milliseconds.
        statement_timeout_ms: u64 = "15000",
        /// Whether migrations run at start.
        migrate: bool = "false",
        /// Keys of the hashes by which what is sent twice is known, `name:key` (32 bytes in base64), separated by commas: the first hashes, all compare. `hub secret` makes one.
        hash_keys: SecretString,
    }
}

/// A service's database, shared by its threads.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    id: u64,
    schema: &'static str,
    pool: Pool<AsyncPgConnection>,
    url: SecretString,
    wait: Duration,
    /// How long a statement's answer is waited for.
    answer: Duration,
    /// When a request last waited in vain for a connection.
    exhausted: Mutex<Option<Instant>>,
    shares: Shares<i64>,
    exports: Shares<i64>,
    hashing: Arc<hashing::Keys>,
}

/// A connection out of the pool, with the place that it takes of its user's share.
struct Connection {
    inner: Object<AsyncPgConnection>,
    _share: Option<Share<i64>>,
}

impl Connection {
    /// Closes it: nobody may go on with what it was doing.
    fn close(self) {
        drop(Object::take(self.inner));
    }
}

/// A pipelined connection: it never sees a transaction or a setting, so that its readers can't disturb one another.
struct Line {
    connection: OnceCell<AsyncPgConnection>,
    places: Shares<i64>,
}

thread_local! {
    static LINES: RefCell<HashMap<u64, Arc<Line>>> = RefCell::new(HashMap::new());
}
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// The URL with what every session of ours begins with: where names are looked up, UTC, and bounds on time.
fn session_url(url: &SecretString, schema: &str, statement_timeout_ms: u64) -> SecretString {
    let url = url.expose_secret();
    let joint = if url.contains('?') { '&' } else { '?' };
    let mut options = vec![
        format!("search_path%3D{schema}%2Cpublic"),
        "TimeZone%3DUTC".to_owned(),
        "DateStyle%3DISO".to_owned(),
        format!("statement_timeout%3D{statement_timeout_ms}"),
        "lock_timeout%3D5000".to_owned(),
        "idle_in_transaction_session_timeout%3D30000".to_owned(),
        // What ours change they tell themselves (net.rs)
        "hub.own%3Don".to_owned(),
        // No statement of ours runs long enough to be worth compiling
        "jit%3Doff".to_owned(),
    ];
    if directory::QUEUES.contains(&schema) {
        let off = ["seqscan", "bitmapscan", "hashjoin", "mergejoin"];
        options.extend(off.map(|way| format!("enable_{way}%3Doff")));
    }
    let options = options.iter().map(|setting| format!("-c%20{setting}")).collect::<Vec<_>>().join("%20");
    // A host that has gone silent is given up by the system too
    let silent = "keepalives_idle=30&tcp_user_timeout=20";
    SecretString::from(format!("{url}{joint}options={options}&application_name=echange-{schema}&connect_timeout=5&{silent}"))
}

impl Database {
    /// A database whose tables are in `schema`. No connection is made yet.
    ///
    /// # Errors
    /// A configuration that no pool can be made of, a key that is none.
    pub fn new(schema: &'static str, config: &DatabaseConfig) -> anyhow::Result<Database> {
        let url = session_url(&config.database_url, schema, config.statement_timeout_ms);
        let (wait, answer) = (Duration::from_millis(config.database_wait_ms), Duration::from_millis(config.statement_timeout_ms) + SILENCE);
        let hashing = Arc::new(hashing::Keys::parse(schema, "HASH_KEYS", &config.hash_keys)?);
        Database::of(schema, url, wait, answer, config.database_connections, config.database_user_connections, hashing)
    }

    /// The same database by connections of its own: for what must wait for nobody else's statements.
    ///
    /// # Errors
    /// As [`Database::new`].
    pub fn apart(&self, connections: usize) -> anyhow::Result<Database> {
        let Inner { schema, url, wait, answer, hashing, .. } = &*self.inner;
        Database::of(schema, url.clone(), *wait, *answer, connections, connections, hashing.clone())
    }

    fn of(
        schema: &'static str,
        url: SecretString,
        wait: Duration,
        answer: Duration,
        connections: usize,
        a_user: usize,
        hashing: Arc<hashing::Keys>,
    ) -> anyhow::Result<Database> {
        let mut manager = ManagerConfig::default();
        // A dead socket shows itself; asking it before each use is one round trip more
        manager.recycling_method = RecyclingMethod::Fast;
        let connections = connections.max(2);
        let pool = Pool::builder(AsyncDieselConnectionManager::new_with_config(url.expose_secret(), manager))
            .max_size(connections)
            // The one used last is the warmest
            .queue_mode(deadpool::managed::QueueMode::Lifo)
            .wait_timeout(Some(wait))
            .create_timeout(Some(CONNECT))
            .recycle_timeout(Some(CONNECT))
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .context("no pool of connections")?;
        // One user never has all of them, and readers of long answers leave the others some
        let shares = Shares::of_each("database connections", a_user.min(connections - 1));
        let exporting = (connections / 3).max(2);
        let exports = Shares::new("long answers", exporting, exporting / 2);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let inner = Inner { id, schema, pool, url, wait, answer, exhausted: Mutex::new(None), shares, exports, hashing };
        Ok(Database { inner: Arc::new(inner) })
    }

    /// How what is kept in it of requests is hashed.
    pub fn hashing(&self) -> &hashing::Keys {
        &self.inner.hashing
    }

    /// The schema's name, which is the service's.
    pub fn schema(&self) -> &'static str {
        self.inner.schema
    }

    /// The pool itself, for the feed.
    pub fn pool(&self) -> Pool<AsyncPgConnection> {
        self.inner.pool.clone()
    }

    /// Whether the database answers, and requests get connections to it.
    pub async fn is_there(&self) -> bool {
        let exhausted = self.inner.exhausted.lock().is_ok_and(|at| at.is_some_and(|at| at.elapsed() < self.inner.wait));
        let answers = self.on_line(sql!("database/is_there.sql").into());
        !exhausted && tokio::time::timeout(CONNECT, answers).await.is_ok_and(|answer| answer.is_ok())
    }

    /// A place among the readers of long answers.
    ///
    /// # Errors
    /// 429 when the user reads as many as one may, 503 when there are too many of them.
    pub fn export(&self, user: i64) -> Result<Share<i64>, Fault> {
        let taken = |fault: Fault| Fault { message: format!("{} Reading by pages needs none.", fault.message), ..fault };
        self.inner.exports.take_now(user, 1).map_err(taken)
    }

    /// A connection of its own, for transactions and searches.
    ///
    /// # Errors
    /// 429 when the user's own are in use for too long, 503 when all are, or the database is away.
    async fn connection(&self) -> Result<Connection, Fault> {
        let asked = Instant::now();
        let share = match shares::user() {
            Some(user) => Some(self.inner.shares.take(user, self.inner.wait).await?),
            None => None,
        };
        let got = self.inner.pool.get().await.map(|inner| Connection { inner, _share: share });
        metrics::POOL_WAIT.with_label_values(&[self.inner.schema]).observe(asked.elapsed().as_secs_f64());
        got.map_err(|error| {
            tracing::warn!(service = self.inner.schema, error = %pool_error(&error), "no database connection");
            if let (PoolError::Timeout(_), Ok(mut exhausted)) = (&error, self.inner.exhausted.lock()) {
                *exhausted = Some(Instant::now());
            }
            Fault::unavailable("The database is busy or away. Try again.")
        })
    }

    /// How many connections are open, and how many of them idle.
    pub fn connections(&self) -> (usize, usize) {
        let status = self.inner.pool.status();
        (status.size, status.available)
    }

    /// Rows of one text from a statement that is short and changes nothing, pipelined with others'.
    ///
    /// # Errors
    /// 503 when the line is full or the database away; see [`fault`].
    pub async fn read_line(&self, sql: impl Into<Sql>) -> Result<Vec<String>, Fault> {
        self.on_line(sql.into()).instrument(self.span("SELECT")).await
    }

    async fn on_line(&self, sql: Sql) -> Result<Vec<String>, Fault> {
        for again in [true, false] {
            let line = self.line();
            // Work of our own is nobody's, and one user's too
            let _place = line.places.take(shares::user().unwrap_or_default(), self.inner.wait).await?;
            let connection = line.connection.get_or_try_init(|| self.establish()).await.map_err(|error| {
                tracing::warn!(service = self.inner.schema, %error, "no database connection");
                Fault::unavailable("The database is away. Try again.")
            })?;
            let mut line_to = connection;
            match tokio::time::timeout(self.inner.answer, Typed::<Text>::of(sql.clone()).load::<String>(&mut line_to)).await {
                Ok(Err(error)) if again && is_closed(&error) => self.forget(&line),
                Ok(other) => return other.map_err(|error| fault(self.inner.schema, error)),
                Err(_elapsed) => {
                    self.forget(&line);
                    return Err(self.silent());
                }
            }
        }
        Err(Fault::unavailable("The database is away. Try again."))
    }

    /// A span of a statement or a transaction, by OpenTelemetry's names.
    pub fn span(&self, summary: &'static str) -> tracing::Span {
        // A statement belongs to the trace of a request; a loop that looks for work makes none
        if tracing::Span::current().is_none() {
            return tracing::Span::none();
        }
        tracing::info_span!(target: telemetry::SPANS, "query", otel.name = summary, db.system.name = "postgresql", db.namespace = self.inner.schema)
    }

    async fn establish(&self) -> ConnectionResult<AsyncPgConnection> {
        let connecting = AsyncPgConnection::establish(self.inner.url.expose_secret());
        let silent = |_elapsed| ConnectionError::BadConnection("the database does not answer".to_owned());
        tokio::time::timeout(CONNECT, connecting).await.map_err(silent)?
    }

    fn silent(&self) -> Fault {
        tracing::warn!(service = self.inner.schema, "the database does not answer");
        Fault::unavailable("The database does not answer. Try again.")
    }

    fn line(&self) -> Arc<Line> {
        LINES.with_borrow_mut(|lines| {
            let line = lines.entry(self.inner.id);
            let new = || Line { connection: OnceCell::new(), places: Shares::new("short reads", PIPELINED.0, PIPELINED.1) };
            line.or_insert_with(|| Arc::new(new())).clone()
        })
    }

    /// A line whose connection was closed is left; the next reader opens another.
    fn forget(&self, dead: &Arc<Line>) {
        LINES.with_borrow_mut(|lines| {
            if lines.get(&self.inner.id).is_some_and(|line| Arc::ptr_eq(line, dead)) {
                lines.remove(&self.inner.id);
            }
        });
    }

    /// Rows from a statement that changes nothing, or the same when it is repeated, on a connection of its own.
    ///
    /// # Errors
    /// See [`fault`].
    pub async fn search<ST, T>(&self, sql: impl Into<Sql>) -> Result<Vec<T>, Fault>
    where
        T: Send,
        Typed<ST>: for<'q> LoadQuery<'q, AsyncPgConnection, T>,
    {
        let sql = sql.into();
        let work = async {
            match self.once::<ST, T>(sql.clone()).await? {
                // It died while it was idle: a fresh one, once
                Err(error) if is_closed(&error) => self.once(sql).await?,
                other => other,
            }
            .map_err(|error| fault(self.inner.schema, error))
        };
        work.instrument(self.span("SELECT")).await
    }

    /// Rows, read by the names of their columns, from a statement that changes nothing.
    ///
    /// # Errors
    /// See [`fault`].
    pub async fn rows<T: QueryableByName<Pg> + Send + 'static>(&self, statement: Statement) -> Result<Vec<T>, Fault> {
        self.search::<Untyped, T>(statement).await
    }

    /// Rows, each one JSON text, from a statement that changes nothing.
    ///
    /// # Errors
    /// See [`fault`]; 500 for a row that is not what is expected.
    pub async fn read<T: DeserializeOwned>(&self, sql: impl Into<Sql>) -> Result<Vec<T>, Fault> {
        let rows = self.search::<Text, String>(sql).await?;
        let read = |row: &String| serde_json::from_str(row).map_err(|error| our_fault(self.inner.schema, "a row can't be read", &error));
        rows.iter().map(read).collect()
    }

    /// Rows from a statement that changes something and is a transaction by itself. It is never repeated: where its connection
    /// was lost nobody knows what came of it.
    ///
    /// # Errors
    /// See [`fault`].
    pub async fn store<ST, T>(&self, sql: impl Into<Sql>) -> Result<Vec<T>, Fault>
    where
        T: Send,
        Typed<ST>: for<'q> LoadQuery<'q, AsyncPgConnection, T>,
    {
        let work = async { self.once::<ST, T>(sql.into()).await?.map_err(|error| fault(self.inner.schema, error)) };
        work.instrument(self.span("UPDATE")).await
    }

    /// Runs a statement that changes something and is a transaction by itself; answers how many rows it changed. As [`Self::store`]
    /// it is never repeated.
    ///
    /// # Errors
    /// See [`fault`].
    pub async fn run(&self, statement: Statement) -> Result<usize, Fault> {
        let work = async { self.try_once(async |conn| statement.run(conn).await).await?.map_err(|error| fault(self.inner.schema, error)) };
        work.instrument(self.span("UPDATE")).await
    }

    async fn once<ST, T>(&self, sql: Sql) -> Result<QueryResult<Vec<T>>, Fault>
    where
        T: Send,
        Typed<ST>: for<'q> LoadQuery<'q, AsyncPgConnection, T>,
    {
        self.try_once(async |conn| sql.load::<ST, T>(conn).await).await
    }

    /// One try. A connection on which nothing came in time is left.
    async fn try_once<T>(&self, work: impl AsyncFnOnce(&mut AsyncPgConnection) -> QueryResult<T>) -> Result<QueryResult<T>, Fault> {
        let mut connection = self.connection().await?;
        let Ok(done) = tokio::time::timeout(self.inner.answer, work(&mut connection.inner)).await else {
            connection.close();
            return Err(self.silent());
        };
        if done.as_ref().is_err_and(is_closed) {
            connection.close();
        }
        Ok(done)
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// 503 when there is no connection.
    pub async fn begin(&self) -> Result<Open, Fault> {
        self.begin_with("BEGIN").await
    }

    /// Begins a transaction that reads one state of the data.
    ///
    /// # Errors
    /// 503 when there is no connection.
    pub async fn begin_snapshot(&self) -> Result<Open, Fault> {
        self.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    async fn begin_with(&self, begin: &str) -> Result<Open, Fault> {
        for again in [true, false] {
            let mut connection = self.connection().await?;
            match tokio::time::timeout(self.inner.answer, connection.inner.batch_execute(begin)).await {
                Ok(Ok(())) => return Ok(Open { connection: Some(connection), answer: self.inner.answer }),
                Ok(Err(error)) if again && is_closed(&error) => connection.close(),
                Ok(Err(error)) => return Err(fault(self.inner.schema, error)),
                Err(_elapsed) => {
                    connection.close();
                    return Err(self.silent());
                }
            }
        }
        Err(Fault::unavailable("The database is away. Try again."))
    }
}

/// An open transaction. Dropped without [`Open::commit`], its connection is closed and Postgres rolls back.
pub struct Open {
    connection: Option<Connection>,
    answer: Duration,
}

impl Open {
    /// The connection in the transaction.
    ///
    /// # Errors
    /// Never while the transaction is open.
    pub fn connection(&mut self) -> QueryResult<&mut AsyncPgConnection> {
        self.connection.as_mut().map(|connection| &mut *connection.inner).ok_or(DbError::NotInTransaction)
    }

    /// Commits. An error leaves the outcome unknown.
    ///
    /// # Errors
    /// The database's own.
    pub async fn commit(mut self) -> QueryResult<()> {
        let answer = self.answer;
        let silent = |_elapsed| {
            let nothing: Box<dyn DatabaseErrorInformation + Send + Sync> = Box::new("the database does not answer".to_owned());
            DbError::DatabaseError(DatabaseErrorKind::ClosedConnection, nothing)
        };
        tokio::time::timeout(answer, self.connection()?.batch_execute("COMMIT")).await.map_err(silent)??;
        // Only now may the connection go back to the pool
        drop(self.connection.take());
        Ok(())
    }

    /// Rolls back, and keeps the connection for others.
    pub async fn rollback(mut self) {
        let answer = self.answer;
        if let Ok(connection) = self.connection()
            && matches!(tokio::time::timeout(answer, connection.batch_execute("ROLLBACK")).await, Ok(Ok(())))
        {
            drop(self.connection.take());
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.close();
        }
    }
}

fn pool_error(error: &PoolError) -> String {
    match error {
        PoolError::Timeout(kind) => format!("timeout ({kind:?})"),
        other => other.to_string(),
    }
}
