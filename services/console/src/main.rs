//! The console as a process.

use std::sync::Arc;

use console::Console;
use process::http::Health;
use process::startup::Common;
use process::{Keyring, config, http, telemetry};
use secrecy::ExposeSecret;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

process::settings! {
    /// What the console alone reads.
    pub struct ConsoleConfig {
        /// Where the gateway's doors are.
        gateway_url: String,
    }
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    process::startup::ended(run().await)
}

async fn run() -> anyhow::Result<()> {
    let mut common = Common::read(config::environment());
    let own = ConsoleConfig::read(&common.variables, &mut common.problems);
    let complete = match (common.http, common.peers, common.telemetry, own) {
        (Some(http), Some(peers), Some(telemetry), Some(own)) => Some((http, peers, telemetry, own)),
        _ => None,
    };
    let (http_config, peers, telemetry_config, own) = config::check(complete, common.problems)?;
    let telemetry = telemetry::start("console", &telemetry_config)?;
    let keyring = Keyring::new("console", peers.identity_key.expose_secret(), &peers.identity_public_keys)?;
    // Only the gateway reaches this process, and tells for whom
    let address = |request: &actix_web::HttpRequest| process::http::header(request, "x-forwarded-for").unwrap_or("unknown").to_owned();
    let console = Arc::new(Console::new(keyring, Box::new(address))?);
    console.hub.is_at(&own.gateway_url);
    let routes = console::routes(console, |_| true);
    let listeners = http::listen(&http_config)?;
    listeners.tell("console")?;
    http::serve(listeners, &http_config, Health::new(|| Box::pin(async { true })), move |config| routes(config)).await?;
    telemetry.stop();
    Ok(())
}
