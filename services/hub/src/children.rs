//! The services as processes of their own on one machine: what `make run-services` runs.

use std::collections::HashMap;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use service::config::Variables;
use service::identity::make_ring;
use service::process::remote_routes;
use service::{Keyring, Router};
use tokio::process::{Child, Command};

use crate::{OWNERS, PROCESSES};

/// The processes, and a way to call them as the gateway does.
pub struct Children {
    running: Vec<(&'static str, Child)>,
    /// Routes to the services.
    pub router: Router,
    /// The gateway's key.
    pub gateway: Keyring,
    /// Where each process listens.
    pub addresses: HashMap<&'static str, String>,
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Children {
    /// Starts every process, each with its own role, keys and port; the gateway on the port of the variables. They are
    /// migrated and ready when this returns.
    ///
    /// # Errors
    /// A program that is not beside this one, or does not get ready.
    pub async fn start(variables: &Variables, urls: &HashMap<&'static str, String>) -> anyhow::Result<Children> {
        let here = std::env::current_exe()?.parent().context("a program without a folder")?.to_owned();
        Children::start_from(&here, variables, urls).await
    }

    /// The same with the programs of another folder.
    ///
    /// # Errors
    /// As [`Children::start`].
    pub async fn start_from(
        programs: &std::path::Path,
        variables: &Variables,
        urls: &HashMap<&'static str, String>,
    ) -> anyhow::Result<Children> {
        let (private, public) = make_ring(PROCESSES)?;
        let mut addresses = HashMap::new();
        for name in OWNERS {
            addresses.insert(*name, format!("http://127.0.0.1:{}", free_port()?));
        }
        let services: Vec<String> = addresses.iter().map(|(name, url)| format!("{name}={url}")).collect();
        let port = match variables.get("PORT").map(String::as_str) {
            None => "8069".to_owned(),
            Some("0") => free_port()?.to_string(),
            Some(port) => port.to_owned(),
        };
        addresses.insert("gateway", format!("http://127.0.0.1:{port}"));
        let mut running = Vec::new();
        for name in PROCESSES {
            let port = addresses.get(name).and_then(|url| url.rsplit(':').next()).unwrap_or_default().to_owned();
            let program = programs.join(name);
            let mut command = Command::new(&program);
            command.env_clear().envs(variables).env("PORT", port).env("SERVICES", services.join(","));
            command.env("IDENTITY_KEY", private.get(*name).cloned().unwrap_or_default()).env("IDENTITY_PUBLIC_KEYS", public.join(","));
            if let Some(url) = urls.get(name) {
                command.env("DATABASE_URL", url).env("MIGRATE", "true");
            }
            let child = command.stdin(Stdio::null()).kill_on_drop(true).spawn();
            running.push((*name, child.with_context(|| format!("{} can't be started", program.display()))?));
        }
        let router = Router::empty();
        router.set(remote_routes(&services)?);
        let gateway = Keyring::new("gateway", private.get("gateway").map_or("", String::as_str), &public)?;
        let mut children = Children { running, router, gateway, addresses };
        children.wait_until_ready().await?;
        Ok(children)
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let client = service::router::client()?;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        for (name, url) in self.addresses.clone() {
            loop {
                if client.ready(&url).await {
                    break;
                }
                if let Some((dead, status)) = self.dead()? {
                    anyhow::bail!("{dead} ended with {status} before it was ready");
                }
                anyhow::ensure!(tokio::time::Instant::now() < deadline, "{name} is not ready after a minute");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    }

    fn dead(&mut self) -> anyhow::Result<Option<(&'static str, std::process::ExitStatus)>> {
        for (name, child) in &mut self.running {
            if let Some(status) = child.try_wait()? {
                return Ok(Some((name, status)));
            }
        }
        Ok(None)
    }

    /// Waits until one of them ends, which none does by itself.
    ///
    /// # Errors
    /// That one has.
    pub async fn wait(&mut self) -> anyhow::Result<()> {
        loop {
            if let Some((name, status)) = self.dead()? {
                anyhow::bail!("{name} ended with {status}");
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Asks all of them to stop, and waits until they have; the gateway first, so that nobody is sent to a closed door.
    pub async fn stop(mut self) {
        for (name, child) in &mut self.running {
            if let Some(id) = child.id() {
                let _ = Command::new("kill").args(["-TERM", &id.to_string()]).status().await;
            }
            if tokio::time::timeout(Duration::from_secs(35), child.wait()).await.is_err() {
                tracing::warn!(service = name, "did not stop in time and is killed");
                let _ = child.kill().await;
            }
        }
    }
}

/// Asking a process whether it is ready.
trait Ready {
    async fn ready(&self, url: &str) -> bool;
}

impl Ready for service::router::Client {
    async fn ready(&self, url: &str) -> bool {
        self.get(format!("{url}/health/ready")).send().await.is_ok_and(|answer| answer.status().is_success())
    }
}
