//! A service as a process of its own: what its `main` calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use diesel_async::pooled_connection::deadpool::Pool;
use process::config::{self, Variables};
use process::http::{self, Health};
use process::router::client;
use process::startup::{Common, print, remote_routes};
use process::{Keyring, Router, findings, metrics, telemetry};
use secrecy::ExposeSecret;

use crate::database::{self, DatabaseConfig};
use crate::owner::{Owner, Service};
use crate::{Database, doctor, inner};

/// How long background work may take to come to its end.
const FINISH: std::time::Duration = std::time::Duration::from_secs(20);

/// Runs a service: `serve`, the default, `migrate`, `migrate net`, `doctor`, or `adopt`. `make` puts it on its database.
///
/// # Errors
/// A configuration that is not complete, a database that can't be migrated, an address that is taken.
pub async fn run<S: Service>(
    make: impl FnOnce(&Variables, &mut Vec<String>, &Database) -> anyhow::Result<Option<S>>,
    started: impl AsyncFn(&Arc<Owner<S>>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let name = S::NAME;
    let mut common = Common::read(config::environment());
    let database_config = DatabaseConfig::read(&common.variables, &mut common.problems);
    // Made before anything is known to be right, so that all that is wrong is told at once
    let placeholder = DatabaseConfig {
        database_url: "postgres://".to_owned().into(),
        database_connections: 2,
        database_user_connections: 1,
        database_wait_ms: 1,
        statement_timeout_ms: 1,
        migrate: false,
        hash_keys: format!("none:{}=", "A".repeat(43)).into(),
    };
    let database = Database::new(name, database_config.as_ref().unwrap_or(&placeholder))?;
    let service = make(&common.variables, &mut common.problems, &database)?;
    let read = (common.http, common.peers, common.telemetry, database_config, service);
    let complete = match read {
        (Some(http), Some(peers), Some(telemetry), Some(database), Some(service)) => Some((http, peers, telemetry, database, service)),
        _ => None,
    };
    let (http, peers, telemetry_config, database_config, service) = config::check(complete, common.problems)?;

    let telemetry = telemetry::start(name, &telemetry_config)?;
    let keyring = Keyring::new(name, peers.identity_key.expose_secret(), &peers.identity_public_keys)?;
    let router = Router::empty();
    let owner = Arc::new(Owner::new(service, database, keyring, router.clone(), peers.max_rows));
    let mut routes = remote_routes(&peers.services)?;
    // Itself it reaches without the network
    routes.insert(name, owner.clone());
    router.set(routes);

    let command = std::env::args().nth(1);
    if command.as_deref() == Some("doctor") {
        let mut findings = doctor::examine(&owner).await;
        findings.extend(findings::peers(&client()?, &peers.services).await);
        return print(&findings::told(name, &findings));
    }
    if command.as_deref() == Some("adopt") {
        use std::io::Write;
        return Ok(writeln!(std::io::stdout(), "{}", S::adopt(&owner).await?)?);
    }
    if command.as_deref() == Some("migrate") {
        owner.migrate().await?;
        match std::env::args().nth(2).as_deref() {
            None => {}
            Some("net") => tracing::info!(service = name, tables = owner.database.enable_net().await?, "the net is enabled"),
            Some(other) => anyhow::bail!("`{name} migrate {other}`: `{name} migrate` or `{name} migrate net` expected"),
        }
    } else {
        let is_migrated = Arc::new(AtomicBool::new(false));
        let health = Health::new({
            let (database, is_migrated) = (owner.database.clone(), is_migrated.clone());
            move || {
                let (database, is_migrated) = (database.clone(), is_migrated.clone());
                Box::pin(async move { is_migrated.load(Ordering::Relaxed) && database.is_there().await })
            }
        })
        .noting({
            let owner = owner.clone();
            move || {
                let owner = owner.clone();
                Box::pin(async move { S::note(&owner).await })
            }
        });
        let listeners = http::listen(&http)?;
        listeners.tell(name)?;
        let work = async {
            if database_config.migrate {
                owner.migrate().await?;
            }
            wait_for_schema(&owner).await;
            database::patiently(name, || started(&owner)).await?;
            is_migrated.store(true, Ordering::Relaxed);
            start_background(&owner).await.context("the background work ended")
        };
        // Those who wait for events go on waiting elsewhere
        let closing = async {
            health.drains().await;
            owner.feed.close();
            std::future::pending::<()>().await;
        };
        let serving = http::serve(listeners, &http, health.clone(), inner::routes(owner.clone(), http.max_body.max(http.max_upload)));
        tokio::pin!(work);
        tokio::select! {
            served = serving => served?,
            Err(error) = &mut work => return Err(error),
            () = closing => {}
        }
        finish(&owner).await;
    }
    telemetry.stop();
    Ok(())
}

/// What a service is doing comes to its end, within some seconds.
pub async fn finish<S: Service>(owner: &Owner<S>) {
    if tokio::time::timeout(FINISH, S::finish(owner)).await.is_err() {
        tracing::warn!(service = S::NAME, "stopped before its work was done");
    }
}

/// A release's migrations are a job of their own: until it is done, and until the database is there, this process lives and is
/// not ready, and those of the release before serve.
async fn wait_for_schema<S: Service>(owner: &Owner<S>) {
    let migrations = S::MIGRATIONS;
    let mut told = false;
    loop {
        match owner.database.is_migrated(&migrations).await {
            Ok(true) => return,
            Ok(false) if !std::mem::replace(&mut told, true) => {
                tracing::warn!(service = S::NAME, "waiting for the schema: run `migrate`, or set MIGRATE=true");
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(service = S::NAME, error = format!("{error:#}"), "the schema can't be looked at"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}

/// A service's background work: its feed, the feeds that it follows, and the gauges of its pool.
pub fn start_background<S: Service>(owner: &Arc<Owner<S>>) -> tokio::task::JoinHandle<()> {
    let owner = owner.clone();
    tokio::spawn(async move {
        let gauges = async {
            loop {
                let (open, idle) = owner.database.connections();
                let set = |state: &str, value: usize| {
                    metrics::POOL_CONNECTIONS.with_label_values(&[S::NAME, state]).set(i64::try_from(value).unwrap_or(i64::MAX))
                };
                set("open", open);
                set("idle", idle);
                metrics::FEED_POSITION.with_label_values(&[S::NAME]).set(owner.feed.position());
                tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            }
        };
        let sweep = async {
            loop {
                if let Err(error) = sweep_answers(owner.database.pool()).await {
                    tracing::warn!(service = S::NAME, %error, "kept answers could not be swept");
                }
                tokio::time::sleep(std::time::Duration::from_secs(600)).await;
            }
        };
        tokio::join!(owner.feed.clone().run(), owner.clone().follow(), S::work(&owner), gauges, sweep);
    })
}

/// Throws away answers that were kept for a day.
async fn sweep_answers(pool: Pool<diesel_async::AsyncPgConnection>) -> anyhow::Result<()> {
    use diesel_async::SimpleAsyncConnection;
    let mut connection = pool.get().await?;
    connection
        .batch_execute(
            "DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE at < now() - interval '24 hours' LIMIT 50000)",
        )
        .await?;
    Ok(())
}
