//! `hub`: everything in one process, with a PostgreSQL of its own.
//!
//! `hub` serves; `hub services` runs the services as processes of their own; `hub keys NAME…` makes keys for them; `hub secret` makes a key for loan files;
//! `hub help` tells every variable.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use hub::children::Children;
use hub::{Hub, demo, provision};
use local_postgres::{Cluster, Durability};
use service::config::{self, Variables};
use service::telemetry::{self, TelemetryConfig};
use service::{Keyring, Router, http};

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
    service::process::ended(match arguments.next().as_deref() {
        None | Some("serve") => start(false),
        Some("services") => start(true),
        Some("secret") => secret(),
        Some("keys") => keys(&arguments.collect::<Vec<_>>()),
        Some("help" | "--help" | "-h") => help(),
        Some(other) => Err(anyhow::anyhow!("there is no command '{other}'; `hub help` tells those there are")),
    })
}

fn start(as_processes: bool) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(as_processes))
}

async fn run(as_processes: bool) -> anyhow::Result<()> {
    let mut variables = config::environment();
    let mut problems = Vec::new();
    let settings = HubConfig::read(&variables, &mut problems);
    let telemetry = TelemetryConfig::read(&variables, &mut problems);
    let (settings, telemetry) = config::check(settings.zip(telemetry), problems)?;
    let telemetry = telemetry::start("hub", &telemetry)?;
    if settings.demo {
        // The demo is http on this machine
        variables.entry("COOKIE_SECURE".to_owned()).or_insert_with(|| "false".to_owned());
        if !variables.contains_key("LOAN_FILE_KEYS") {
            variables.insert("LOAN_FILE_KEYS".to_owned(), demo_key(&settings.data_dir)?);
        }
        if !variables.contains_key("PLATFORM_KEYS") {
            variables.insert("PLATFORM_KEYS".to_owned(), demo_key(&settings.data_dir)?);
        }
        // Their platforms run beside the hub
        variables.entry("ALLOW_PRIVATE_PLATFORMS".to_owned()).or_insert_with(|| "true".to_owned());
    }
    let (cluster, url) = match &settings.database_url {
        Some(url) => (None, secrecy::ExposeSecret::expose_secret(url).to_owned()),
        None => {
            let folder = settings.data_dir.clone();
            let cluster = tokio::task::spawn_blocking(move || Cluster::start(&folder, Durability::Durable)).await??;
            provision::database(&cluster.url("postgres"), &settings.db_name).await?;
            let url = cluster.url(&settings.db_name);
            (Some(cluster), url)
        }
    };
    let urls = provision::roles(&url).await?;
    let served =
        if as_processes { serve_processes(&variables, &urls, &settings).await } else { serve_all(&variables, &urls, &settings).await };
    // Last, when nobody needs it any more
    if let Some(cluster) = cluster {
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
    }
    telemetry.stop();
    served
}

async fn serve_all(variables: &Variables, urls: &HashMap<&'static str, String>, settings: &HubConfig) -> anyhow::Result<()> {
    let hub = Hub::new(variables, urls)?;
    let listener = http::listen(&hub.http)?;
    if variables.get("MIGRATE").is_none_or(|migrate| migrate == "true") {
        hub.migrate().await?;
    }
    first_data(settings, &hub.router, hub.keys.get("gateway").context("no key of the gateway")?).await?;
    partners::login::first_administrator(&hub.partners).await?;
    let background = hub.start_background();
    greet(&format!("http://{}", listener.local_addr()?), settings)?;
    let served = http::serve(listener, &hub.http, hub.health(), hub::routes(&hub)).await;
    background.iter().for_each(tokio::task::JoinHandle::abort);
    served
}

async fn serve_processes(variables: &Variables, urls: &HashMap<&'static str, String>, settings: &HubConfig) -> anyhow::Result<()> {
    let mut children = Children::start(None, variables, urls).await?;
    first_data(settings, &children.router, &children.gateway).await?;
    children.open_doors().await?;
    greet(children.addresses.get("gateway").map_or("", String::as_str), settings)?;
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

fn greet(address: &str, settings: &HubConfig) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nThe hub is at {address} (database {}). Ctrl-C stops it.", settings.db_name)?;
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

/// A key for `LOAN_FILE_KEYS`.
fn new_key() -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(rand::random::<[u8; 32]>())
}

fn secret() -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{}", new_key())?;
    Ok(())
}

/// The demo's key of loan files, made once and kept beside its data.
fn demo_key(folder: &Path) -> anyhow::Result<String> {
    use std::os::unix::fs::OpenOptionsExt;
    let path = folder.join("loan_file.key");
    if let Ok(key) = std::fs::read_to_string(&path) {
        return Ok(key.trim().to_owned());
    }
    let key = format!("demo:{}", new_key());
    std::fs::create_dir_all(folder)?;
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).context("the demo's key can't be kept")?;
    writeln!(file, "{key}")?;
    Ok(key)
}

fn keys(names: &[String]) -> anyhow::Result<()> {
    let names: Vec<&str> = if names.is_empty() { hub::PROCESSES.to_vec() } else { names.iter().map(String::as_str).collect() };
    let (private, public) = service::identity::make_ring(&names)?;
    let mut out = std::io::stdout().lock();
    for (name, key) in &private {
        writeln!(out, "# {name}\nIDENTITY_KEY={key}")?;
    }
    writeln!(out, "# all of them\nIDENTITY_PUBLIC_KEYS={}", public.join(","))?;
    Ok(())
}

fn help() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "hub [serve]      all services in one process\nhub services     each service as a process of its own\nhub keys NAME…   keys for processes\nhub secret       a key for LOAN_FILE_KEYS or PLATFORM_KEYS\n\nVariables:"
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
        TelemetryConfig::VARIABLES,
        service::process::PeersConfig::VARIABLES,
    ];
    let mut told = std::collections::HashSet::new();
    for (name, default, about) in all.into_iter().flatten().filter(|(name, ..)| told.insert(*name)) {
        writeln!(out, "  {:<28} {:<12} {}", name.to_ascii_uppercase(), default.unwrap_or("-"), about.trim())?;
    }
    Ok(())
}
