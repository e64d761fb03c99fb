//! What the system tests stand on: a real hub on a real Postgres, in both shapes, and a client that speaks HTTP to it.
//!
//! `make test` starts a throwaway cluster and names it in `TEST_DATABASE_URL`. A template database is made once a run, with
//! the demo's data; each test gets a copy of its own, so that tests share nothing.

pub mod cluster;
pub mod load;
pub mod machine;
pub mod obedient;
pub mod odoo16;
pub mod paper;
pub mod platform;
pub mod replicas;
pub mod stock;
pub mod traces;
pub mod wire;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use hub::Hub;
use hub::children::Children;
use serde_json::{Value, json};
use service::config::Variables;
use service::http;
use service::router::Client;
use tokio::sync::Mutex;

const TEMPLATE: &str = "echange_template";
/// How long effects may take to come, on a machine that others use too.
const REST: Duration = Duration::from_secs(60);

/// A hub with a database of its own.
pub struct Stand {
    /// Where its doors are, `http://127.0.0.1:port`.
    pub address: String,
    /// Where the services in this process tell their metrics, `http://127.0.0.1:port/metrics`.
    pub metrics: String,
    /// The superuser's URL of its database.
    pub database_url: String,
    /// The services in this process, where they are in this process.
    pub hub: Option<Arc<Hub>>,
    /// The processes, where they are separate.
    pub children: Option<Children>,
    client: Client,
    /// What [`Stand::count`] asks by, kept: a connection for each look would be most of the work.
    counting: Mutex<Option<AsyncPgConnection>>,
}

/// An answer, read.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers by lower-case name.
    pub headers: HashMap<String, String>,
    /// The body's text.
    pub text: String,
    /// The body as it is, of what is no text.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON; panics where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    /// `result` of the envelope; panics where there is an error.
    pub fn result(&self) -> Value {
        let json = self.json();
        assert!(json.get("error").is_none(), "{} {}", self.status, self.text);
        json.get("result").cloned().unwrap_or_default()
    }

    /// `error.data.message` of the envelope; panics where there is none.
    pub fn error(&self) -> String {
        self.json()["error"]["data"]["message"].as_str().unwrap_or_else(|| panic!("no error: {} {}", self.status, self.text)).to_owned()
    }

    /// `error.data.name` of the envelope.
    pub fn error_name(&self) -> String {
        self.json()["error"]["data"]["name"].as_str().unwrap_or_default().to_owned()
    }
}

fn admin_url() -> String {
    #[expect(clippy::disallowed_methods, reason = "the test's only setting")]
    std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL names a PostgreSQL for tests: run `make test`, or `cargo run -p local-postgres -- exec -- cargo test`")
}

fn database(url: &str, name: &str) -> String {
    format!("{}/{name}", url.rsplit_once('/').expect("a URL with a database").0)
}

/// What every process of a test is told, and more.
pub fn variables(more: &[(&str, &str)]) -> Variables {
    let base = [
        ("PORT", "0"),
        ("WORKERS", "1"),
        ("COOKIE_SECURE", "false"),
        ("DATABASE_CONNECTIONS", "8"),
        ("PASSWORD_THREADS", "1"),
        // The demo's passwords are short
        ("DEMO", "true"),
        ("LOG", "warn"),
        ("PLATFORM_KEYS", "test:cGxhdGZvcm0ta2V5LWZvci10ZXN0cy1vbmx5LTMyYi4="),
        ("BRIDGE_KEYS", "test:YnJpZGdlLWtleS0tLWZvci10ZXN0cy1vbmx5LTMyYi4="),
        ("ODOO_PATIENCE_MS", "5"),
        ("ALLOW_PRIVATE_PLATFORMS", "true"),
        ("HASH_KEYS", "test:aGFzaC1rZXktZm9yLXRlc3RzLW9ubHktMzItYnl0ZXM="),
        ("INSTALLATION", "test"),
        ("LOAN_FILE_KEYS", "test:bG9hbi1maWxlLWtleS1mb3ItdGVzdHMtb25seS0zMmI="),
    ];
    base.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The folder of the programs that were built with the tests.
pub fn programs() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    // A test is in a folder below
    let folder = own.parent().unwrap();
    if folder.ends_with("deps") { folder.parent().unwrap().to_owned() } else { folder.to_owned() }
}

/// A client that waits as long as it is told for each request.
pub fn client() -> Client {
    let builder = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    builder.pool_idle_timeout(Duration::from_secs(2)).build().unwrap()
}

/// Makes the template where this run has none yet.
async fn template(admin: &str) {
    let mut conn = AsyncPgConnection::establish(admin).await.expect("the test's PostgreSQL");
    conn.batch_execute("SELECT pg_advisory_lock(4711)").await.unwrap();
    let there = diesel::sql_query(format!("SELECT 1 FROM pg_database WHERE datname = '{TEMPLATE}' AND datistemplate"))
        .execute(&mut conn)
        .await
        .unwrap();
    if there == 0 {
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")).await.unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {TEMPLATE}")).await.unwrap();
        fill(&database(admin, TEMPLATE)).await;
        // A copy is no restore
        let mut filled = AsyncPgConnection::establish(&database(admin, TEMPLATE)).await.unwrap();
        for owner in hub::OWNERS {
            filled.batch_execute(&format!("UPDATE {owner}.feed SET cluster = ''")).await.unwrap();
        }
        drop(filled);
        conn.batch_execute(&format!("ALTER DATABASE {TEMPLATE} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true")).await.unwrap();
        conn.batch_execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{TEMPLATE}'")).await.unwrap();
    }
    conn.batch_execute("SELECT pg_advisory_unlock(4711)").await.unwrap();
}

/// Makes the services' schemas and the demo's data in an empty database, and waits until all that follows from it has come.
pub async fn fill(url: &str) {
    let urls = operator::provision::roles(url).await.unwrap();
    let hub = unserved(&urls);
    hub.migrate().await.unwrap();
    hub::demo::make(&hub.router, &hub.keys["gateway"]).await.unwrap();
    let background = hub.start_background();
    Stand::elsewhere("", url).at_rest().await;
    background.iter().for_each(|work| work.abort());
}

/// The same by the `hub` of an earlier release, which makes the demo that it knows.
pub async fn fill_by(earlier: &Path, url: &str) {
    let port = hub::children::free_port().unwrap().to_string();
    let mut command = tokio::process::Command::new(earlier.join("hub"));
    command.env_clear().envs(variables(&[("PORT", &port), ("METRICS_ADDRESS", "127.0.0.1:0"), ("DATABASE_URL", url)]));
    let mut hub = command.stdin(std::process::Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let (client, ready) = (client(), format!("http://127.0.0.1:{port}/health/ready"));
    let is_ready = async || client.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success());
    until_within(REST, "the earlier release's hub is ready", is_ready).await;
    hub::children::signal(hub.id().unwrap(), rustix::process::Signal::TERM).unwrap();
    assert!(hub.wait().await.unwrap().success(), "the earlier release's hub");
}

/// A database of the test's own, with the demo's data; the superuser's URL of it.
pub async fn fresh_database() -> String {
    let admin = admin_url();
    template(&admin).await;
    let name = format!("test_{:016x}", rand::random::<u64>());
    let mut conn = AsyncPgConnection::establish(&admin).await.unwrap();
    conn.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await.unwrap();
    database(&admin, &name)
}

/// A database of the test's own with nothing in it; the superuser's URL of it.
pub async fn empty_database() -> String {
    let admin = admin_url();
    let name = format!("test_{:016x}", rand::random::<u64>());
    let mut conn = AsyncPgConnection::establish(&admin).await.unwrap();
    conn.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    database(&admin, &name)
}

/// A hub on a database that may be empty yet, not serving: for what is done to a database before it is served.
pub fn unserved(urls: &HashMap<&'static str, String>) -> Hub {
    Hub::new(&variables(&[]), urls).unwrap()
}

/// Each service's models, by the service's name.
pub fn registries(hub: &Hub) -> [(&'static str, &records::Registry); 6] {
    [
        ("catalog", &hub.catalog.registry),
        ("partners", &hub.partners.registry),
        ("crm", &hub.crm.registry),
        ("stock", &hub.stock.registry),
        ("sync", &hub.sync.registry),
        ("bridge", &hub.bridge.registry),
    ]
}

/// SQL of how many events have no position yet, or were not taken by a service that follows them. An effect is committed with
/// the cursor that moves past its cause, so that none is between the two.
pub fn unheard() -> String {
    let follows: [(&str, &[&str]); 3] =
        [("crm", &["stock"]), ("stock", &["partners", "crm"]), ("sync", &["catalog", "partners", "crm", "stock"])];
    let one = |reader: &str, feed: &str| {
        format!(
            "(SELECT count(*) FROM {feed}.event e WHERE e.pos IS NULL OR e.pos > \
             coalesce((SELECT c.pos FROM {reader}.feed_cursor c WHERE c.feed = '{feed}'), 0))"
        )
    };
    let each = follows.iter().flat_map(|(reader, feeds)| feeds.iter().map(|feed| one(reader, feed)));
    each.collect::<Vec<_>>().join(" + ")
}

impl Stand {
    /// All services in this process.
    pub async fn new() -> Stand {
        Stand::with(&[]).await
    }

    /// The same with some variables set.
    pub async fn with(settings: &[(&str, &str)]) -> Stand {
        Stand::on(&fresh_database().await, settings).await
    }

    /// The same on a database that is there: a second replica of the hub.
    pub async fn on(database_url: &str, settings: &[(&str, &str)]) -> Stand {
        Stand::at(database_url, &operator::provision::urls(database_url).unwrap(), settings).await
    }

    /// The same with the owners' own URLs, for a way to the database that is not the usual one.
    pub async fn at(database_url: &str, urls: &HashMap<&'static str, String>, settings: &[(&str, &str)]) -> Stand {
        let hub = Arc::new(Hub::new(&variables(settings), urls).unwrap());
        let listeners = http::listen(&hub.http).unwrap();
        let address = format!("http://{}", listeners.requests.local_addr().unwrap());
        let metrics = format!("http://{}/metrics", listeners.metrics.local_addr().unwrap());
        hub.console.hub.is_at(&address);
        hub.start_background();
        let served = hub.clone();
        tokio::spawn(async move { http::serve(listeners, &served.http, served.health(), hub::routes(&served)).await });
        Stand { hub: Some(hub), metrics, ..Stand::elsewhere(&address, database_url) }
    }

    /// Gateway, catalog and partners as processes of their own.
    pub async fn processes() -> Stand {
        Stand::processes_with(&[]).await
    }

    /// The same with some variables set.
    pub async fn processes_with(settings: &[(&str, &str)]) -> Stand {
        Stand::processes_on(&fresh_database().await, settings).await
    }

    /// The same on a database that is there.
    pub async fn processes_on(database_url: &str, settings: &[(&str, &str)]) -> Stand {
        let urls = operator::provision::urls(database_url).unwrap();
        let mut children = Children::start(Some(&programs()), &variables(settings), &urls).await.unwrap();
        children.open_doors().await.unwrap();
        let address = children.addresses["gateway"].clone();
        Stand { children: Some(children), ..Stand::elsewhere(&address, database_url) }
    }

    /// One that is served by somebody else.
    pub fn elsewhere(address: &str, database_url: &str) -> Stand {
        Stand {
            address: address.to_owned(),
            metrics: String::new(),
            database_url: database_url.to_owned(),
            hub: None,
            children: None,
            client: client(),
            counting: Mutex::default(),
        }
    }

    /// A superuser's connection to the cluster.
    pub async fn admin() -> AsyncPgConnection {
        AsyncPgConnection::establish(&admin_url()).await.unwrap()
    }

    /// Runs SQL whose rows don't matter.
    pub async fn execute(conn: &mut AsyncPgConnection, sql: &str) {
        conn.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// A superuser's connection to the test's database.
    pub async fn sql(&self) -> AsyncPgConnection {
        AsyncPgConnection::establish(&self.database_url).await.unwrap()
    }

    /// One number from SQL, the schemas named: `SELECT count(*) AS n FROM partners.res_partner`.
    pub async fn count(&self, sql: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct N {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let mut kept = self.counting.lock().await;
        if let Some(conn) = kept.as_mut()
            && let Ok(row) = diesel::sql_query(sql).get_result::<N>(conn).await
        {
            return row.n;
        }
        // The first, or one that went with its PostgreSQL
        let conn = kept.insert(self.sql().await);
        diesel::sql_query(sql).get_result::<N>(conn).await.unwrap_or_else(|error| panic!("{sql}: {error}")).n
    }

    /// Waits until every change has had its effects, in the services that follow its feed too: what a test counts moves no more.
    pub async fn at_rest(&self) {
        let left = format!("SELECT {} AS n", unheard());
        until_within(REST, "all is at rest", async || self.count(&left).await == 0).await;
    }

    /// The same, and nothing waits at a platform or is on its way.
    pub async fn all_told(&self, within: Duration) {
        let open = "(SELECT count(*) FROM sync.ek_delivery WHERE state IN ('waiting', 'sending'))";
        let left = format!("SELECT {} + {open} AS n", unheard());
        until_within(within, "all is told", async || self.count(&left).await == 0).await;
    }

    /// What an address tells as `/metrics`.
    pub async fn told(&self, url: &str) -> String {
        self.client.get(url).send().await.unwrap().text().await.unwrap()
    }

    /// A request as it is. `headers` and `body` are sent unchanged.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
        let body: Vec<u8> = body.into();
        let mut request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.address)).timeout(Duration::from_secs(60));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.body(body);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let bytes = response.bytes().await.unwrap().to_vec();
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned(), bytes }
    }

    /// Opens a stream of events; nothing of it is read yet.
    pub async fn follow(&self, session: &Session<'_>, path: &str) -> Stream {
        let request = self.client.get(format!("{}{path}", self.address)).header("x-openerp-session-id", &session.id);
        let response = request.send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["content-type"]), (200, &"text/event-stream".parse().unwrap()));
        Stream { response, text: String::new() }
    }

    /// Logs in by `/auth`; the demo's users have their login as password.
    pub async fn login(&self, login: &str) -> Session<'_> {
        self.login_with(login, login).await
    }

    /// The same with a password.
    pub async fn login_with(&self, login: &str, password: &str) -> Session<'_> {
        let body = json!({"params": {"login": login, "password": password}});
        let answer = self.send("POST", "/auth", &[("content-type", "application/json")], body.to_string()).await;
        Session { stand: self, id: answer.result()["session_id"].as_str().unwrap().to_owned() }
    }
}

/// A stream of events.
pub struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    /// Reads until the text is like this; answers all of it.
    pub async fn until(&mut self, what: &str, like: impl Fn(&str) -> bool) -> String {
        let read = tokio::time::timeout(Duration::from_secs(30), async {
            while !like(&self.text) {
                let piece = self.response.chunk().await.unwrap().expect("the stream ended");
                self.text.push_str(std::str::from_utf8(&piece).unwrap());
            }
        });
        assert!(read.await.is_ok(), "never came: {what}; came: {}", self.text);
        self.text.clone()
    }
}

/// A user who is logged in.
pub struct Session<'s> {
    stand: &'s Stand,
    /// The session's id.
    pub id: String,
}

impl Session<'_> {
    /// A request in this session, with more headers.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut all = vec![("x-openerp-session-id", self.id.as_str()), ("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.stand.send(method, path, &all, body).await
    }

    /// `GET`; the path may have a query string that is encoded already.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    /// `GET /api/{model}/` with these parameters, encoded here.
    pub async fn list(&self, model: &str, params: &[(&str, &str)]) -> Answer {
        let query: Vec<String> = params.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        self.get(&format!("/api/{model}/?{}", query.join("&"))).await
    }

    /// `result` of a list.
    pub async fn rows(&self, model: &str, params: &[(&str, &str)]) -> Vec<Value> {
        self.list(model, params).await.result().as_array().cloned().unwrap_or_default()
    }

    /// `POST /api/{model}/`
    pub async fn create(&self, model: &str, data: Value) -> Answer {
        self.send("POST", &format!("/api/{model}/"), &[], &json!({"params": {"data": data}}).to_string()).await
    }

    /// `PUT /api/{model}/` with a filter.
    pub async fn write(&self, model: &str, filter: Value, data: Value) -> Answer {
        self.send("PUT", &format!("/api/{model}/"), &[], &json!({"params": {"filter": filter, "data": data}}).to_string()).await
    }

    /// `DELETE /api/{model}/{id}`
    pub async fn unlink(&self, model: &str, id: i64) -> Answer {
        self.send("DELETE", &format!("/api/{model}/{id}"), &[], "").await
    }

    /// `POST /object/{model}/{id}/{method}`
    pub async fn call(&self, model: &str, id: i64, method: &str, args: Value) -> Answer {
        self.send("POST", &format!("/object/{model}/{id}/{method}"), &[], &json!({"params": {"args": args}}).to_string()).await
    }
}

/// The id that a create answers; panics where it was refused.
pub fn id(answer: &Answer) -> i64 {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.result().as_i64().unwrap_or_else(|| panic!("{}", answer.text))
}

/// A refusal with this status that says each of these words.
pub fn refused(answer: &Answer, status: u16, words: &[&str]) {
    assert_eq!(answer.status, status, "{}", answer.text);
    let message = answer.error();
    for word in words {
        assert!(message.contains(word), "'{word}' is missing in: {message}");
    }
}

/// Percent-encodes a value of a query string.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Waits until something holds, looking again at each step, for ten seconds at most.
pub async fn until<F: Future<Output = bool>>(what: &str, holds: impl FnMut() -> F) {
    until_within(Duration::from_secs(10), what, holds).await;
}

/// The same with a bound of one's own.
pub async fn until_within<F: Future<Output = bool>>(bound: Duration, what: &str, mut holds: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + bound;
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain until {what}");
        tokio::task::yield_now().await;
    }
}
