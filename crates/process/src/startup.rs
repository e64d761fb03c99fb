//! How every process starts and ends: what it reads, where the others are, what it tells whoever started it.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use secrecy::SecretString;

use crate::config::Variables;
use crate::directory;
use crate::http::HttpConfig;
use crate::router::{Endpoint, Remote, client};
use crate::telemetry::TelemetryConfig;

/// Ends a process: what went wrong goes to standard error in words, causes after colons.
pub fn ended(outcome: anyhow::Result<()>) -> ExitCode {
    use std::io::Write;
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(std::io::stderr(), "{error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

crate::settings! {
    /// Who a process is, and where the others are.
    pub struct PeersConfig {
        /// This process's private key: Ed25519 in PKCS#8, base64. `hub keys` makes one.
        identity_key: SecretString,
        /// Everybody's public keys, `kid=service:base64`, separated by commas.
        identity_public_keys: Vec<String>,
        /// Where the services are, `name=url`, separated by commas.
        services: Vec<String>,
        /// How many records an answer without pages may have.
        max_rows: i64 = "100000",
    }
}

/// Everything that any process reads from its environment.
pub struct Common {
    /// The environment.
    pub variables: Variables,
    /// What was wrong so far.
    pub problems: Vec<String>,
    /// Where it listens.
    pub http: Option<HttpConfig>,
    /// Who it is.
    pub peers: Option<PeersConfig>,
    /// What it logs.
    pub telemetry: Option<TelemetryConfig>,
}

impl Common {
    /// Reads it.
    pub fn read(variables: Variables) -> Common {
        let mut problems = Vec::new();
        let http = HttpConfig::read(&variables, &mut problems);
        let peers = PeersConfig::read(&variables, &mut problems);
        let telemetry = TelemetryConfig::read(&variables, &mut problems);
        Common { variables, problems, http, peers, telemetry }
    }
}

/// Routes to services in other processes.
///
/// # Errors
/// A URL without a name, or a name that is no service of ours.
pub fn remote_routes(services: &[String]) -> anyhow::Result<HashMap<&'static str, Arc<dyn Endpoint>>> {
    let client = client().context("no HTTP client")?;
    let mut routes: HashMap<&'static str, Arc<dyn Endpoint>> = HashMap::new();
    for entry in services.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty()) {
        let (name, url) = entry.split_once('=').with_context(|| format!("SERVICES: '{entry}' is not name=url"))?;
        let known = directory::SERVICES.iter().find(|(known, _)| *known == name);
        let (name, _) = known.with_context(|| format!("SERVICES: there is no service '{name}'"))?;
        routes.insert(name, Arc::new(Remote::new(name, url, client.clone())));
    }
    Ok(routes)
}

/// Prints what a doctor found.
///
/// # Errors
/// That something is wrong: a program that asks sees it by the exit code.
pub fn print((text, is_well): &(String, bool)) -> anyhow::Result<()> {
    use std::io::Write;
    std::io::stdout().write_all(text.as_bytes())?;
    anyhow::ensure!(is_well, "something is wrong");
    Ok(())
}
