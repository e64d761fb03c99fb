//! What is measured: a cluster with the durability of a real one, a database for each size, and a hub on each.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use domain::{Identity, Origin, Role};
use hub::Hub;
use local_postgres::{Cluster, Durability};
use operator::provision;
use records::sql;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use service::Database;
use service::config::Variables;
use service::router::Client;
use tokio::process::{Child, Command};

use crate::costs::Number;

/// How many products have the same word in their name: as many match a search whatever the size.
pub(crate) const PER_TOKEN: u32 = 50;
/// Clients of the first e-mail, and how many.
pub(crate) const PARTNERS: (u64, u64) = (100_000_001, 5_000);
/// The platform's user of the demo.
const LOGIN: &str = "ekiclik";
/// How long a hub may take to make its schema and the demo.
const START: Duration = Duration::from_secs(60);

/// The word of group `n` as SQL: made of the number, so that a client of Postgres can make it too, and as far from other
/// groups' words as words are.
pub(crate) fn token(n: &str) -> String {
    format!("substr(translate(md5(({n})::text), '0123456789abcdef', 'kbtdrlmnpsvzaeio'), 1, 6)")
}

/// A folder of the system's temporary one, removed with everything in it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A new one.
    pub(crate) fn make() -> anyhow::Result<Folder> {
        let path = std::env::temp_dir().join(format!("echange-bench-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Folder(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    fn cluster(&self) -> PathBuf {
        self.0.join("cluster")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // For root the cluster may be elsewhere, and tells where
        if let Ok(home) = fs::read_to_string(self.cluster().join("postgres.path")) {
            fs::remove_dir_all(home).ok();
        }
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Where the databases are made.
pub(crate) struct Stand {
    cluster: Option<Cluster>,
    admin_url: String,
    programs: PathBuf,
    folder: PathBuf,
    made: Vec<String>,
}

/// A hub on a database of its own.
pub(crate) struct Server {
    /// How many products it has.
    pub products: u32,
    /// `http://127.0.0.1:port`
    pub address: String,
    /// A session of the platform's user.
    pub session: String,
    /// The platform's user.
    pub identity: Identity,
    /// The same services in this process, for their declarations and their connections' settings.
    pub hub: Hub,
    /// The superuser's database URL.
    pub url: String,
    /// Each service's database URL.
    pub urls: std::collections::HashMap<&'static str, String>,
    /// Ids of the first and the last product.
    pub ids: (i64, i64),
    /// The first client's id; the others follow it as their e-mails do.
    pub client_id: i64,
    /// The words of the products' names.
    pub tokens: Vec<String>,
    client: Client,
    process: Child,
    log: PathBuf,
}

impl Stand {
    /// A fresh cluster in the folder, unless there is one to use.
    pub(crate) async fn start(folder: &Folder, given: Option<&SecretString>) -> anyhow::Result<Stand> {
        let at = folder.cluster();
        let (cluster, admin_url, programs) = match given {
            Some(url) => (None, url.expose_secret().to_owned(), local_postgres::locate()?),
            None => {
                let cluster = tokio::task::spawn_blocking(move || Cluster::start(&at, Durability::Durable)).await??;
                let (url, programs) = (cluster.url("postgres"), cluster.programs().to_owned());
                (Some(cluster), url, programs)
            }
        };
        Ok(Stand { cluster, admin_url, programs, folder: folder.path().to_owned(), made: Vec::new() })
    }

    /// The folder of PostgreSQL's programs.
    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }

    /// Makes a database with so many products and starts a hub on it.
    pub(crate) async fn serve(&mut self, products: u32) -> anyhow::Result<Server> {
        let name = format!("echange_bench_{products}");
        let mut admin = AsyncPgConnection::establish(&self.admin_url).await.context("PostgreSQL can't be reached")?;
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        provision::database(&self.admin_url, &name).await?;
        self.made.push(name.clone());
        let (before, _) = self.admin_url.rsplit_once('/').context("BENCH_DATABASE_URL names no database")?;
        let url = format!("{before}/{name}");

        // The hub makes its schema and the demo's users itself
        let log = self.folder.join(format!("hub-{products}.log"));
        let (process, address) = start_hub(&url, &log).await?;
        let mut database = AsyncPgConnection::establish(&url).await?;
        database.batch_execute(&seed(products)).await.context("seeding")?;
        // What autovacuum would have done a minute later
        database.batch_execute("VACUUM ANALYZE").await?;
        let ids: Ids = sql!("stand/products.sql").load(&mut database).await?.pop().context("no product")?;
        let first_client: Number = sql!("stand/client.sql").load(&mut database).await?.pop().context("no client")?;
        let tokens = format!("SELECT {} AS token FROM generate_series(0, {}) n", token("n"), products / PER_TOKEN - 1);
        let tokens: Vec<Token> = diesel::sql_query(tokens).load(&mut database).await?;

        let urls = provision::urls(&url)?;
        // For its declarations only: nothing is opened with this key
        let key = format!("bench:{}=", "A".repeat(43));
        let keys = ["LOAN_FILE_KEYS", "PLATFORM_KEYS", "BRIDGE_KEYS", "HASH_KEYS"].map(|name| (name.to_owned(), key.clone()));
        let hub = Hub::new(&Variables::from(keys), &urls)?;
        let client = service::router::client()?;
        let mut server = Server {
            products,
            address,
            session: String::new(),
            identity: Identity {
                uid: 0,
                login: LOGIN.to_owned(),
                origin: Origin::Ekiclik,
                role: Some(Role::RoleSuperadmin),
                hub_admin: false,
                integration: Some(true),
                ..Identity::system()
            },
            hub,
            url,
            urls,
            ids: (ids.first, ids.last),
            client_id: first_client.n,
            tokens: tokens.into_iter().map(|one| one.token).collect(),
            client,
            process,
            log,
        };
        let (session, uid) = server.log_in(LOGIN).await?;
        (server.session, server.identity.uid) = (session, uid);
        Ok(server)
    }

    /// Stops the cluster, or takes the databases out of the one that was given.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        match self.cluster {
            Some(cluster) => tokio::task::spawn_blocking(move || cluster.stop()).await?,
            None => {
                let mut admin = AsyncPgConnection::establish(&self.admin_url).await?;
                for name in self.made {
                    admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
                }
                Ok(())
            }
        }
    }
}

async fn start_hub(database_url: &str, log: &Path) -> anyhow::Result<(Child, String)> {
    let here = std::env::current_exe()?;
    let program = here.with_file_name("hub");
    ensure!(program.exists(), "there is no {}: cargo build --release -p hub", program.display());
    let out = File::create(log)?;
    let mut process = Command::new(&program)
        .env_clear()
        .envs([("DATABASE_URL", database_url), ("PORT", "0"), ("DEMO", "true")])
        .env("DATA_DIR", log.with_extension("data"))
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} can't be started", program.display()))?;
    let deadline = tokio::time::Instant::now() + START;
    loop {
        let said = fs::read_to_string(log)?;
        let address = said.split_once("The hub is at ").and_then(|(_, rest)| rest.split_once(' '));
        if let Some((address, _)) = address {
            return Ok((process, address.to_owned()));
        }
        if let Some(status) = process.try_wait()? {
            bail!("the hub ended with {status}: {said}");
        }
        ensure!(tokio::time::Instant::now() < deadline, "the hub is not there after {} s: {said}", START.as_secs());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Products of a few kinds, each with one configuration; [`PER_TOKEN`] of them, spread over the table, share a word.
fn seed(products: u32) -> String {
    let (first, partners) = PARTNERS;
    let name = format!(
        "format('%s %s %s', (ARRAY['Réfrigérateur', 'Climatiseur', 'Téléviseur', 'Machine à laver', 'Canapé d''angle', 'Cuisinière'])[1 + n % 6], \
         {}, 100 + n % 900)",
        token(&format!("n % {}", products / PER_TOKEN))
    );
    format!(
        "SET search_path = catalog, public; \
         INSERT INTO product_master (ref, name, fab_name, categ_id, create_by) \
           SELECT 'BENCH-M-' || n, {name}, 'Fabricant ' || n % 40, 1 + n % 2, 'ekiclik' FROM generate_series(1, {products}) n; \
         INSERT INTO product_template (name, manufacturer_ref, master_product, description, list_price, standard_price, create_by) \
           SELECT m.name, 'BENCH-' || m.id, m.id, 'Garantie deux ans, livraison comprise', 1000 + m.id % 90000, 900 + m.id % 80000, 'ekiclik' \
           FROM product_master m WHERE m.ref LIKE 'BENCH-M-%' ORDER BY m.id; \
         SET search_path = partners, public; \
         INSERT INTO res_partner (name, email, phone, city, create_by, create_uid, write_uid) \
           SELECT 'Client ' || n, 'client-' || n || '@bench.example', '0556000000', 'Oran', 'ekiclik', 2, 2 \
           FROM generate_series({first}, {}) n; \
         SET search_path = DEFAULT",
        first + partners - 1
    )
}

impl Server {
    /// A session of one of the demo's users, and the user's id.
    pub(crate) async fn log_in(&self, login: &str) -> anyhow::Result<(String, i64)> {
        let answer = self.send("POST", "/auth", &json!({"params": {"login": login, "password": login}}).to_string()).await?;
        let answer: Value = serde_json::from_str(&answer)?;
        let (session, uid) = (answer.pointer("/result/session_id"), answer.pointer("/result/uid"));
        let found = session.and_then(Value::as_str).zip(uid.and_then(Value::as_i64));
        found.map(|(session, uid)| (session.to_owned(), uid)).with_context(|| format!("no session: {answer}"))
    }

    /// Sends one request in the session and answers the body, with the number of records that a change found before it.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
        self.send_as(&self.session, method, path, body).await
    }

    /// The same in another session.
    pub(crate) async fn send_as(&self, session: &str, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
        let request = self.client.request(method.parse()?, format!("{}{path}", self.address)).header("x-openerp-session-id", session);
        let request = request.header("content-type", "application/json").timeout(Duration::from_secs(30)).body(body.to_owned());
        let response = request.send().await?;
        let status = response.status();
        let matched = response.headers().get("x-records-matched").and_then(|value| value.to_str().ok()).map(|n| format!("matched {n}: "));
        let text = response.text().await?;
        ensure!(status.is_success(), "{method} {path} is answered {status}: {text}");
        Ok(matched.unwrap_or_default() + &text)
    }

    /// A `PUT` to be sent by itself.
    pub(crate) fn put(&self, path: &str, session: &str, body: String) -> reqwest::RequestBuilder {
        let request = self.client.put(format!("{}{path}", self.address)).header("x-openerp-session-id", session);
        request.header("content-type", "application/json").timeout(Duration::from_secs(30)).body(body)
    }

    /// A page of the console, as a browser asks for it in a session: with a cookie, packed where it says so.
    pub(crate) fn page(&self, path: &str, session: &str, packed: bool) -> reqwest::RequestBuilder {
        let request = self.client.get(format!("{}{path}", self.address)).header("cookie", format!("session_id={session}"));
        let request = request.header("accept", "text/html,*/*").timeout(Duration::from_secs(30));
        if packed { request.header("accept-encoding", "gzip, deflate, br") } else { request }
    }

    /// What the hub's own connections of a service begin with, as libpq's `options`.
    pub(crate) async fn session_options(&self, service: &str) -> anyhow::Result<String> {
        let database: &Database = match service {
            "catalog" => &self.hub.catalog.database,
            "crm" => &self.hub.crm.database,
            _ => &self.hub.partners.database,
        };
        let settings = database.search::<Text, String>(sql!("stand/settings.sql")).await.map_err(|fault| anyhow::anyhow!("{fault}"))?;
        settings.into_iter().next().context("no settings")
    }

    /// The hub's process.
    pub(crate) fn process_id(&self) -> anyhow::Result<u32> {
        self.process.id().context("the hub has ended")
    }

    /// What the hub's process has in memory now, and had at most, in MB.
    pub(crate) fn memory(&self) -> anyhow::Result<(f64, f64)> {
        let id = self.process_id()?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let field = |name: &str| -> anyhow::Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
            let kilobytes: f64 = line.split_whitespace().next().unwrap_or_default().parse()?;
            Ok(kilobytes * 1024.0 / 1e6)
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?))
    }

    /// The end of the hub's log, for an error.
    pub(crate) fn last_log(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_else(|error| error.to_string());
        let lines: Vec<&str> = log.lines().rev().take(5).collect();
        format!("the hub's log ends with:\n{}", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }
}

/// The first and the last of the products.
#[derive(QueryableByName)]
struct Ids {
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = BigInt)]
    last: i64,
}

/// A word that names have.
#[derive(QueryableByName)]
struct Token {
    #[diesel(sql_type = Text)]
    token: String,
}
