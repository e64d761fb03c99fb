//! The gateway as a process.

use std::sync::Arc;

use gateway::bodies::Longest;
use gateway::doors::pages;
use gateway::{Gateway, GatewayConfig};
use process::http::Health;
use process::startup::{Common, print, remote_routes};
use process::{Keyring, Router, config, findings, http, telemetry};
use secrecy::ExposeSecret;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    process::startup::ended(run().await)
}

async fn run() -> anyhow::Result<()> {
    let mut common = Common::read(config::environment());
    let doors = GatewayConfig::read(&common.variables, &mut common.problems);
    let complete = match (common.http, common.peers, common.telemetry, doors) {
        (Some(http), Some(peers), Some(telemetry), Some(doors)) => Some((http, peers, telemetry, doors)),
        _ => None,
    };
    let (http_config, peers, telemetry_config, doors) = config::check(complete, common.problems)?;
    if std::env::args().nth(1).as_deref() == Some("doctor") {
        let findings = findings::peers(&process::router::client()?, &peers.services).await;
        return print(&findings::told("gateway", &findings));
    }
    let telemetry = telemetry::start("gateway", &telemetry_config)?;
    let keyring = Keyring::new("gateway", peers.identity_key.expose_secret(), &peers.identity_public_keys)?;
    let router = Router::empty();
    router.set(remote_routes(&peers.services)?);
    let pages = doors.console_url.as_deref().map_or_else(|| Ok(pages::none()), pages::at)?;
    let gateway = Arc::new(Gateway::new(doors, Longest::of(&http_config), router, keyring)?);
    tokio::spawn(gateway.clone().tell_refusals());
    let listeners = http::listen(&http_config)?;
    listeners.tell("gateway")?;
    // It needs nothing but itself; a service that is away is told of where it is asked for
    http::serve(listeners, &http_config, Health::new(|| Box::pin(async { true })), gateway::routes(gateway, pages)).await?;
    telemetry.stop();
    Ok(())
}
