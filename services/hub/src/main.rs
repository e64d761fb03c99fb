//! `hub`: everything in one process, with a PostgreSQL of its own.
//!
//! `hub help` tells its commands, and every variable.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use hub::children::Children;
use hub::{Hub, demo};
use local_postgres::{Cluster, Durability};
use operator::{backup, forgotten, keys, provision};
use secrecy::ExposeSecret;
use service::config::{self, Variables};
use service::http::HttpConfig;
use service::telemetry::{self, TelemetryConfig};
use service::{Keyring, Router, Service, http};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

service::settings! {
    /// What the hub alone reads.
    pub struct HubConfig {
        /// Where PostgreSQL's files are kept, where none is given.
        data_dir: PathBuf = ".local",
        /// A PostgreSQL to use in place of the hub's own; its user may make roles and schemas.
        database_url: Option<secrecy::SecretString>,
        /// Whether the demo's data and log-ins are made. Never where others can reach it.
        demo: bool = "true",
        /// The database's name, and what clients call it.
        db_name: String = "echange",
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    service::startup::ended(match arguments.next().as_deref() {
        None | Some("serve") => start(Task::Serve),
        Some("services") => start(Task::Services),
        Some("backup") => start(Task::BackUp(folder(arguments.next()))),
        Some("restore") => match arguments.next() {
            Some(folder) => start(Task::Restore(folder.into())),
            None => Err(anyhow::anyhow!("hub restore FOLDER: which backup?")),
        },
        Some("doctor") => start(Task::Doctor),
        Some("adopt") => start(Task::Adopt),
        Some("forgotten") => start(Task::Forgotten),
        Some("kubernetes") => kubernetes(arguments.next().as_deref()),
        Some("bridge") => bridge(&arguments.collect::<Vec<_>>()),
        Some("secret") => print(&format!("{}\n", keys::new_key())),
        Some("version" | "--version") => writeln!(std::io::stdout(), "{} {}", service::VERSION, service::COMMIT).map_err(Into::into),
        Some("keys") => keys::of(&arguments.collect::<Vec<_>>()).and_then(|keys| print(&keys)),
        Some("help" | "--help" | "-h") => help(),
        Some(other) => Err(anyhow::anyhow!("there is no command '{other}'; `hub help` tells those there are")),
    })
}

fn bridge(arguments: &[String]) -> anyhow::Result<()> {
    runtime()?.block_on(bridge::command::run(arguments))
}

fn kubernetes(place: Option<&str>) -> anyhow::Result<()> {
    anyhow::ensure!(matches!(place, None | Some("pilot")), "`hub kubernetes` or `hub kubernetes pilot` expected");
    print(&operator::kubernetes::secrets(place.is_some())?)
}

/// What the hub is to do with its database.
enum Task {
    Serve,
    Services,
    BackUp(PathBuf),
    Restore(PathBuf),
    Forgotten,
    Doctor,
    Adopt,
}

/// Where a backup goes that was given no place.
fn folder(given: Option<String>) -> PathBuf {
    given.map_or_else(|| format!("backup-{}", chrono::Utc::now().format("%Y%m%d-%H%M%S")).into(), PathBuf::from)
}

fn start(task: Task) -> anyhow::Result<()> {
    runtime()?.block_on(run(task))
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

async fn run(task: Task) -> anyhow::Result<()> {
    let mut variables = config::environment();
    let mut problems = Vec::new();
    let settings = HubConfig::read(&variables, &mut problems);
    let telemetry = TelemetryConfig::read(&variables, &mut problems);
    let (settings, telemetry) = config::check(settings.zip(telemetry), problems)?;
    let telemetry = telemetry::start("hub", &telemetry)?;
    if let Task::Restore(folder) = &task {
        backup::check(folder).await?;
    }
    let makes = !matches!(task, Task::BackUp(_) | Task::Doctor | Task::Adopt | Task::Forgotten);
    let (cluster, url) = if makes { made(&settings).await? } else { there(&settings).await? };
    if settings.demo {
        variables.insert("DEMO".to_owned(), "true".to_owned());
        // The demo is http on this machine
        variables.entry("COOKIE_SECURE".to_owned()).or_insert_with(|| "false".to_owned());
        let key = match task {
            Task::Serve | Task::Services => Some(keys::demo_key(&settings.data_dir)?),
            Task::Doctor | Task::Adopt => keys::kept_key(&settings.data_dir)?,
            Task::BackUp(_) | Task::Restore(_) | Task::Forgotten => None,
        };
        for name in ["LOAN_FILE_KEYS", "PLATFORM_KEYS", "BRIDGE_KEYS", "HASH_KEYS"] {
            if let Some(key) = key.as_ref().filter(|_| !variables.contains_key(name)) {
                variables.insert(name.to_owned(), key.clone());
            }
        }
        // Their platforms run beside the hub
        variables.entry("ALLOW_PRIVATE_PLATFORMS".to_owned()).or_insert_with(|| "true".to_owned());
    }
    let done = act(task, &variables, &settings, &url).await;
    // Last, when nobody needs it any more
    if let Some(cluster) = cluster {
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
    }
    telemetry.stop();
    done
}

/// The PostgreSQL that is named, or the hub's own, made where there is none; and the superuser's URL of the database.
async fn made(settings: &HubConfig) -> anyhow::Result<(Option<Cluster>, String)> {
    if let Some(url) = &settings.database_url {
        return Ok((None, url.expose_secret().to_owned()));
    }
    let folder = settings.data_dir.clone();
    let cluster = tokio::task::spawn_blocking(move || Cluster::start(&folder, Durability::Durable)).await??;
    provision::database(&cluster.url("postgres"), &settings.db_name).await?;
    let url = cluster.url(&settings.db_name);
    Ok((Some(cluster), url))
}

/// The same for who only looks: nothing is made. A hub may run meanwhile, or stand still.
async fn there(settings: &HubConfig) -> anyhow::Result<(Option<Cluster>, String)> {
    if let Some(url) = &settings.database_url {
        return Ok((None, url.expose_secret().to_owned()));
    }
    if let Some(url) = Cluster::running(&settings.data_dir, &settings.db_name) {
        return Ok((None, url));
    }
    let folder = settings.data_dir.clone();
    let cluster = tokio::task::spawn_blocking(move || Cluster::existing(&folder)).await?;
    let cluster = cluster.context("no hub is there: DATA_DIR or DATABASE_URL say which one is meant")?;
    let url = cluster.url(&settings.db_name);
    Ok((Some(cluster), url))
}

async fn act(task: Task, variables: &Variables, settings: &HubConfig, url: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    match task {
        Task::Serve => serve_all(variables, url, settings).await,
        Task::Services => serve_processes(variables, url, settings).await,
        Task::BackUp(folder) => Ok(writeln!(out, "{}", backup::back_up(hub::SEALED, url, &settings.data_dir, &folder, variables).await?)?),
        Task::Restore(folder) => Ok(writeln!(out, "{}", backup::restore(hub::SEALED, url, &settings.data_dir, &folder, variables).await?)?),
        Task::Adopt => {
            let hub = Hub::new(variables, &provision::shared(url))?;
            Ok(writeln!(out, "{}", sync::Sync::adopt(&hub.sync).await?)?)
        }
        Task::Forgotten => Ok(writeln!(out, "{}", forgotten::list(url).await?)?),
        Task::Doctor => service::startup::print(&hub::doctor(variables, &provision::shared(url)).await?),
    }
}

async fn serve_all(variables: &Variables, url: &str, settings: &HubConfig) -> anyhow::Result<()> {
    let mut problems = Vec::new();
    let http_config = HttpConfig::read(variables, &mut problems);
    let http_config = config::check(http_config, problems)?;
    let listeners = http::listen(&http_config)?;
    let set_up = async {
        let hub = Hub::new(variables, &provision::roles(url).await?)?;
        if variables.get("MIGRATE").is_none_or(|migrate| migrate == "true") {
            hub.migrate().await?;
            hub.enable_net().await?;
        }
        forgotten::again(url, &settings.data_dir).await?;
        first_data(settings, &hub.router, hub.keys.get("gateway").context("no key of the gateway")?).await?;
        let administrator = || async { Ok(partners::login::first_administrator(&hub.partners).await.map(drop)?) };
        service::database::patiently("hub", administrator).await?;
        Ok(hub)
    };
    let Some(hub) = http::before_ready(&listeners, &http_config, set_up).await? else { return Ok(()) };
    let background = hub.start_background();
    listeners.tell("hub")?;
    hub.console.hub.is_at(&here(&listeners)?);
    greet(&format!("http://{}", listeners.requests.local_addr()?), &[("hub", listeners.metrics.local_addr()?.to_string())], settings)?;
    let served = http::serve(listeners, &hub.http, hub.health(), hub::routes(&hub)).await;
    service::run::finish(&hub.sync).await;
    background.iter().for_each(tokio::task::JoinHandle::abort);
    served
}

/// Where a client on this machine reaches what listens.
fn here(listeners: &http::Listeners) -> anyhow::Result<String> {
    let mut address = listeners.requests.local_addr()?;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    Ok(format!("http://{address}"))
}

async fn serve_processes(variables: &Variables, url: &str, settings: &HubConfig) -> anyhow::Result<()> {
    let mut children = Children::start(None, variables, &provision::roles(url).await?).await?;
    forgotten::again(url, &settings.data_dir).await?;
    first_data(settings, &children.router, &children.gateway).await?;
    children.open_doors().await?;
    greet(children.addresses.get("gateway").map_or("", String::as_str), &children.metrics, settings)?;
    let ended = tokio::select! {
        ended = children.wait() => ended,
        () = http::stop_signal() => Ok(()),
    };
    children.stop().await;
    ended
}

async fn first_data(settings: &HubConfig, router: &Router, gateway: &Keyring) -> anyhow::Result<()> {
    if settings.demo && demo::make(router, gateway).await? {
        demo::fill(router, gateway).await?;
    }
    Ok(())
}

fn greet(address: &str, metrics: &[(&'static str, String)], settings: &HubConfig) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nThe hub is at {address} (database {}); its console is there in a browser. Ctrl-C stops it.", settings.db_name)?;
    for (process, address) in metrics {
        writeln!(out, "The metrics of {process} are at http://{address}/metrics.")?;
    }
    if settings.demo {
        writeln!(out, "\nLog-ins of the demo (the password is the login):")?;
        for (login, who) in demo::USERS {
            writeln!(out, "  {login:<8}  {who}")?;
        }
        writeln!(out, "\nTry, in another terminal:")?;
        writeln!(
            out,
            "  curl -c /tmp/hub -H 'Content-Type: application/json' -d '{{\"params\":{{\"login\":\"ekiclik\",\"password\":\"ekiclik\"}}}}' {address}/auth/"
        )?;
        writeln!(
            out,
            "  curl -b /tmp/hub -G {address}/api/product.product/ --data-urlencode 'query={{id, name, selling_price, categ_id{{name}}}}'"
        )?;
        writeln!(
            out,
            "  curl -b /tmp/hub -H 'Content-Type: application/json' -d '{{\"params\":{{\"data\":{{\"name\":\"Amine Saadi\",\"email\":\"amine@example.dz\"}}}}}}' {address}/api/res.partner/"
        )?;
        writeln!(
            out,
            "  curl -b /tmp/hub -G {address}/api/stock.quant/ --data-urlencode 'query={{product_name, location_id{{complete_name}}, quantity, reserved_quantity, available_quantity}}'\n"
        )?;
    }
    out.flush()?;
    Ok(())
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn help() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "hub [serve]          all services in one process\nhub services         each service as a process of its own\nhub doctor           what is wrong, in words\n\
         hub backup [FOLDER]  everything, into a new folder; the hub may go on meanwhile\nhub restore FOLDER   puts a backup in the place of what is there\n\
         hub adopt            this hub pushes in the place of the one whose data was restored\n\
         hub forgotten        who was forgotten, as numbers: the list that a restored backup runs again\n\
         hub keys NAME…       keys for processes\nhub secret           a key for LOAN_FILE_KEYS, PLATFORM_KEYS, BRIDGE_KEYS or HASH_KEYS\n\
         hub bridge inspect   looks at an Odoo and tells what will not fit; `hub bridge help` tells how\n\
         hub bridge rehearse|import|verify|follow|cutover\n\
         \x20                    has a hub try all of an Odoo, or bring it over\n\
         hub version          of which release and commit it is\n\
         hub kubernetes       the secrets that the manifests refer to, for kubectl apply -f -; `hub kubernetes pilot`: of the pilot's\n\nVariables:"
    )?;
    let all = [
        HubConfig::VARIABLES,
        http::HttpConfig::VARIABLES,
        service::database::DatabaseConfig::VARIABLES,
        gateway::GatewayConfig::VARIABLES,
        catalog::Margins::VARIABLES,
        partners::LoginConfig::VARIABLES,
        crm::CrmConfig::VARIABLES,
        sync::SyncConfig::VARIABLES,
        bridge::BridgeConfig::VARIABLES,
        TelemetryConfig::VARIABLES,
        service::startup::PeersConfig::VARIABLES,
    ];
    let mut told = std::collections::HashSet::new();
    for (name, default, about) in all.into_iter().flatten().filter(|(name, ..)| told.insert(*name)) {
        writeln!(out, "  {:<28} {:<12} {}", name.to_ascii_uppercase(), default.unwrap_or("-"), about.trim())?;
    }
    Ok(())
}
