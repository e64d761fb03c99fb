//! One service on a database of its own, its neighbours played by their contracts: for the tests of the team that owns it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chrono::Utc;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use domain::Identity;
use events::{Cause, Event};
use jsonrpc::contract::{published_of, question_of};
use jsonrpc::{Call, Fault, Published, Question, Reply};
use records::sql;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use service::config::Variables;
use service::database::DatabaseConfig;
use service::router::Endpoint;
use service::{Database, Keyring, Owner, Pending, Router, Service, parse_reply};

/// Every process that has a key.
const PROCESSES: &[&str] = &["gateway", "catalog", "partners", "crm", "stock", "sync", "bridge"];

type Played = Box<dyn Fn(&Call) -> Result<Reply, Fault> + Send + Sync>;

/// Another service, as its contract says that it is.
#[derive(Default)]
pub struct Neighbour {
    played: HashMap<(&'static str, &'static str), Played>,
    feed: Mutex<Vec<Event>>,
}

impl Neighbour {
    /// Answers a question so.
    pub fn answers<Q: Question + 'static>(mut self, answer: impl Fn(Q) -> Q::Answer + Send + Sync + 'static) -> Neighbour {
        let played = move |call: &Call| {
            let question = question_of::<Q>(call, "the service under test").expect("what is asked is a question of the contract");
            Ok(Reply::value(&answer(question)))
        };
        self.played.insert((Q::MODEL, Q::METHOD), Box::new(played));
        self
    }

    /// Answers a question by JSON that need not be what the contract says.
    pub fn answers_json(mut self, model: &'static str, method: &'static str, answer: Value) -> Neighbour {
        self.played.insert((model, method), Box::new(move |_| Ok(Reply::value(&answer))));
        self
    }

    /// Publishes that a record was made or changed.
    pub fn tells<P: Published>(&self, kind: &str, record_id: i64, version: i64, said: &P) {
        self.tells_json(P::MODEL, kind, record_id, version, P::SCHEMA, &serde_json::to_value(said).unwrap());
    }

    /// Publishes that a record came as it was elsewhere.
    pub fn brings<P: Published>(&self, record_id: i64, said: &P) {
        self.tell(P::MODEL, "created", record_id, 1, P::SCHEMA, &serde_json::to_value(said).unwrap(), Cause::Import);
    }

    /// Publishes that a record that came has changed there, and came again.
    pub fn brings_again<P: Published>(&self, record_id: i64, version: i64, said: &P) {
        self.tell(P::MODEL, "updated", record_id, version, P::SCHEMA, &serde_json::to_value(said).unwrap(), Cause::Import);
    }

    /// Publishes by a payload and shape that need not be what the contract says.
    pub fn tells_json(&self, model: &str, kind: &str, record_id: i64, version: i64, schema: i16, said: &Value) {
        self.tell(model, kind, record_id, version, schema, said, Cause::Change);
    }

    #[expect(clippy::too_many_arguments, reason = "an event's columns")]
    fn tell(&self, model: &str, kind: &str, record_id: i64, version: i64, schema: i16, said: &Value, cause: Cause) {
        let mut feed = self.feed.lock().unwrap();
        let pos = i64::try_from(feed.len()).unwrap() + 1;
        feed.push(Event {
            pos,
            at: Utc::now(),
            model: model.to_owned(),
            record_id,
            version,
            kind: kind.to_owned(),
            origin: "ekiclik".to_owned(),
            bank: None,
            traceparent: None,
            cause: cause.as_str().to_owned(),
            schema,
            payload: to_raw_value(said).unwrap(),
        });
    }

    /// What every service answers about its records: those of any id are there.
    fn common(&self, call: &Call) -> Result<Reply, Fault> {
        let after = |name: &str| call.params.get::<i64>(name).map(Option::unwrap_or_default);
        let feed = self.feed.lock().unwrap();
        match call.method.as_str() {
            "_existing" => Ok(Reply::value(&call.params.need::<Vec<i64>>("ids")?)),
            "_referring" => Ok(Reply::value(&[""; 0])),
            "_feed" => {
                let after = after("after")?;
                Ok(Reply::value(&feed.iter().filter(|event| event.pos > after).collect::<Vec<_>>()))
            }
            "_event" => {
                let pos = after("pos")?;
                Ok(Reply::value(&feed.iter().filter(|event| event.pos == pos).collect::<Vec<_>>()))
            }
            "_position" => Ok(Reply::value(&feed.len())),
            other => panic!("nobody plays {}.{other}", call.model),
        }
    }
}

impl Endpoint for Neighbour {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, Fault>> {
        Box::pin(async move {
            match self.played.get(&(call.model.as_str(), call.method.as_str())) {
                Some(played) => played(&call),
                None => self.common(&call),
            }
        })
    }
}

/// The service, on its own.
pub struct Alone<S: Service> {
    /// The service with what it runs on.
    pub owner: Arc<Owner<S>>,
    neighbours: HashMap<&'static str, Arc<Neighbour>>,
    keys: HashMap<String, Keyring>,
    router: Router,
}

impl<S: Service> Alone<S> {
    /// On a database of its own, with these neighbours; `make` makes it. `TEST_DATABASE_URL` names a PostgreSQL for tests.
    pub async fn new(name: &'static str, make: impl FnOnce(&Database) -> S, neighbours: Vec<(&'static str, Neighbour)>) -> Alone<S> {
        let database = Database::new(name, &config(name).await).unwrap();
        let service = make(&database);
        let (keys, router) = (Keyring::ring(PROCESSES).unwrap(), Router::empty());
        let owner = Arc::new(Owner::new(service, database, keys[name].clone(), router.clone(), 100_000));
        owner.migrate().await.unwrap();
        let neighbours: HashMap<_, _> = neighbours.into_iter().map(|(name, played)| (name, Arc::new(played))).collect();
        let mut routes: HashMap<&'static str, Arc<dyn Endpoint>> = HashMap::from([(name, owner.clone() as Arc<dyn Endpoint>)]);
        routes.extend(neighbours.iter().map(|(name, played)| (*name, played.clone() as Arc<dyn Endpoint>)));
        router.set(routes);
        Alone { owner, neighbours, keys, router }
    }

    /// A neighbour, to have it tell something.
    pub fn neighbour(&self, name: &str) -> &Neighbour {
        &self.neighbours[name]
    }

    /// Takes everything that a neighbour has told; answers how many events were put aside since the database was made.
    pub async fn hears(&self, feed: &'static str) -> usize {
        while self.owner.follow_once(feed, 0).await.unwrap() > 0 {}
        self.owner.database.search::<BigInt, i64>(sql!("parked.sql", feed)).await.unwrap()[0].try_into().unwrap()
    }

    /// Asks it as another service does.
    pub async fn asked<Q: Question>(&self, by: &str, question: &Q) -> Result<Q::Answer, Fault> {
        service::ask(&self.router, &self.keys[by], question, None).await
    }

    /// Calls it as a user does.
    pub async fn call(&self, identity: &Identity, model: &str, method: &str, arguments: Value) -> Result<Value, Fault> {
        let mut call = Call::new(model, method, self.keys["gateway"].user_token(S::NAME, identity)?);
        for (name, value) in arguments.as_object().into_iter().flatten() {
            call = call.with(name, value);
        }
        parse_reply(self.router.service(S::NAME)?.call(call).await?).await
    }

    /// What it has published of a model, oldest first.
    pub async fn told(&self, model: &str) -> Vec<Value> {
        self.owner.feed.stamp_once().await.unwrap();
        let events: Vec<Event> = serde_json::from_str(&self.owner.feed.read(0, 1_000).await.unwrap()).unwrap();
        let events = events.into_iter().filter(|event| event.model == model);
        let told = events.map(|event| {
            let payload: Value = serde_json::from_str(event.payload.get()).unwrap();
            json!({"kind": event.kind, "cause": event.cause, "schema": event.schema, "payload": payload})
        });
        told.collect()
    }

    /// Runs SQL of the test's own on its database.
    pub async fn execute(&self, sql: &str) {
        self.owner.database.pool().get().await.unwrap().batch_execute(sql).await.unwrap();
    }

    /// Prepares every `.sql` file below the service's `src` on its migrated schema, and those that run on every service's.
    ///
    /// # Panics
    /// Where there is none, or one that PostgreSQL does not take: all of those are named.
    pub async fn prepares_statements(&self, src: &Path) {
        let of_all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../service/src");
        let files = [src, &of_all].map(statements).concat();
        let mut refused = Vec::new();
        let mut conn = self.owner.database.pool().get().await.unwrap();
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let named = text.trim_start().starts_with("--");
            let prepare = format!("PREPARE it AS\n{}", text.trim_end().trim_end_matches(';'));
            match conn.batch_execute(&format!("{prepare}; DEALLOCATE it")).await {
                Ok(()) if named => {}
                Ok(()) => refused.push(format!("{}: its head does not say what it does", file.display())),
                Err(error) => refused.push(format!("{}: {error}", file.display())),
            }
        }
        assert!(refused.is_empty(), "{}", refused.join("\n"));
    }
}

/// The `.sql` files below a folder.
fn statements(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "sql") {
                files.push(path);
            }
        }
    }
    assert!(!files.is_empty(), "no .sql file below {}", folder.display());
    files
}

/// Settings of a service, as its process reads them.
///
/// # Panics
/// Where one is missing or wrong.
pub fn settings<T>(read: impl FnOnce(&Variables, &mut Vec<String>) -> Option<T>, given: &[(&str, &str)]) -> T {
    let variables = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut problems = Vec::new();
    read(&variables, &mut problems).unwrap_or_else(|| panic!("{problems:?}"))
}

/// A database with the service's schema in it.
async fn config(name: &'static str) -> DatabaseConfig {
    #[expect(clippy::disallowed_methods, reason = "the test's only setting")]
    let admin = std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL names a PostgreSQL for tests: run `make test-stock`");
    let (server, _) = admin.rsplit_once('/').expect("a URL with a database");
    let database = format!("alone_{:016x}", rand::random::<u64>());
    let mut conn = AsyncPgConnection::establish(&admin).await.unwrap();
    conn.batch_execute(&format!("CREATE DATABASE {database}")).await.unwrap();
    let url = format!("{server}/{database}");
    let mut conn = AsyncPgConnection::establish(&url).await.unwrap();
    let make = "CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public; CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA public;";
    conn.batch_execute(&format!("{make} CREATE SCHEMA {name}")).await.unwrap();
    let hash_keys = "test:aGFzaC1rZXktZm9yLXRlc3RzLW9ubHktMzItYnl0ZXM=";
    settings(DatabaseConfig::read, &[("DATABASE_URL", &url), ("HASH_KEYS", hash_keys)])
}

/// Holds what is published, or answered, against a file beside the tests. `ACCEPT=1` writes it anew: its change is then a change of the
/// contract, and is read as such.
///
/// # Panics
/// Where they differ.
pub fn snapshot(file: &Path, now: &Value) {
    let text = format!("{now:#}\n");
    if std::env::var_os("ACCEPT").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, &text).unwrap();
    }
    let kept = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert_eq!(kept, text, "{} is another contract now; `ACCEPT=1 make test-<service>` where that is meant", file.display());
}

/// That what the last release published of a model, as its snapshot has it, is read by the contract of this one.
///
/// # Panics
/// Where it is not, or there is no snapshot.
pub fn reads_snapshot<P: Published>(folder: &Path) {
    let file = folder.join(format!("{}.json", P::MODEL));
    let kept: Vec<Value> = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert!(!kept.is_empty(), "{} has nothing", file.display());
    for told in kept {
        let schema = told["schema"].as_i64().unwrap().try_into().unwrap();
        published_of::<P>(schema, &told["payload"].to_string(), P::SERVICE).unwrap();
    }
}
