//! The services as processes of their own on one machine: what `make run-services` runs.

use std::collections::{HashMap, HashSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use service::config::Variables;
use service::identity::make_ring;
use service::startup::remote_routes;
use service::{Keyring, Router};
use tokio::process::{Child, Command};

use crate::{OWNERS, PROCESSES};

/// The processes, and a way to call them as the gateway does.
pub struct Children {
    running: Vec<(&'static str, Child)>,
    programs: PathBuf,
    variables: Variables,
    private: HashMap<String, String>,
    public: Vec<String>,
    urls: HashMap<&'static str, String>,
    /// Routes to the services.
    pub router: Router,
    /// The gateway's key.
    pub gateway: Keyring,
    /// Where each process listens.
    pub addresses: HashMap<&'static str, String>,
    /// Where each process tells its metrics, `127.0.0.1:port`.
    pub metrics: Vec<(&'static str, String)>,
}

/// How often it is told that a process is still waited for.
const STILL_WAITING: Duration = Duration::from_secs(30);

/// A port of this machine that is free: one below those that systems give to outgoing connections, and that this process has not
/// given yet: a process that binds it a moment later finds it free.
pub fn free_port() -> anyhow::Result<u16> {
    static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let given = given.get_or_insert_default();
    let mut tried = (0..1_000).map(|_| rand::random_range(20_000..32_000));
    let free = tried.find(|port| !given.contains(port) && TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let free = free.context("no free port")?;
    given.insert(free);
    Ok(free)
}

/// Sends a signal to a process of ours.
///
/// # Errors
/// The system's own: there is no such process.
pub fn signal(id: u32, signal: Signal) -> std::io::Result<()> {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw).ok_or(std::io::ErrorKind::InvalidInput)?;
    Ok(kill_process(id, signal)?)
}

impl Children {
    /// Starts the services that keep data, each with its own role, key and port. They are migrated and ready when this
    /// returns. `programs` is the folder they are in; `None`: this program's own.
    ///
    /// # Errors
    /// A program that is not there, or does not get ready.
    pub async fn start(programs: Option<&Path>, variables: &Variables, urls: &HashMap<&'static str, String>) -> anyhow::Result<Children> {
        let programs = match programs {
            Some(programs) => programs.to_owned(),
            None => std::env::current_exe()?.parent().context("a program without a folder")?.to_owned(),
        };
        let missing: Vec<&str> = PROCESSES.iter().filter(|name| !programs.join(name).is_file()).copied().collect();
        anyhow::ensure!(missing.is_empty(), "there is no {} in {}: build the workspace", missing.join(", no "), programs.display());
        let (private, public) = make_ring(PROCESSES)?;
        let mut addresses = HashMap::new();
        for name in OWNERS {
            addresses.insert(*name, format!("http://127.0.0.1:{}", free_port()?));
        }
        let metrics = PROCESSES.iter().map(|name| Ok((*name, format!("127.0.0.1:{}", free_port()?)))).collect::<anyhow::Result<_>>()?;
        let services: Vec<String> = addresses.iter().map(|(name, url)| format!("{name}={url}")).collect();
        let router = Router::empty();
        router.set(remote_routes(&services)?);
        let gateway = Keyring::new("gateway", private.get("gateway").map_or("", String::as_str), &public)?;
        let mut variables = variables.clone();
        variables.insert("SERVICES".to_owned(), services.join(","));
        let mut children =
            Children { running: Vec::new(), programs, variables, private, public, urls: urls.clone(), router, gateway, addresses, metrics };
        for name in OWNERS {
            children.spawn(name, urls.get(name))?;
        }
        for name in OWNERS {
            children.wait_until_ready(name).await?;
        }
        Ok(children)
    }

    /// A process's own key, by which one asks the others in its name.
    ///
    /// # Errors
    /// A name of no process.
    pub fn key(&self, name: &str) -> anyhow::Result<Keyring> {
        Keyring::new(name, self.private.get(name).with_context(|| format!("there is no process '{name}'"))?, &self.public)
    }

    /// Starts the gateway, on the port of the variables, when everything behind it is there.
    ///
    /// # Errors
    /// As [`Children::start`].
    pub async fn open_doors(&mut self) -> anyhow::Result<()> {
        let port = match self.variables.get("PORT").map(String::as_str) {
            None => "8069".to_owned(),
            Some("0") => free_port()?.to_string(),
            Some(port) => port.to_owned(),
        };
        self.addresses.insert("gateway", format!("http://127.0.0.1:{port}"));
        self.addresses.insert("console", format!("http://127.0.0.1:{}", free_port()?));
        for (name, of) in [("GATEWAY_URL", "gateway"), ("CONSOLE_URL", "console")] {
            self.variables.insert(name.to_owned(), self.addresses.get(of).cloned().unwrap_or_default());
        }
        self.spawn("console", None)?;
        self.spawn("gateway", None)?;
        self.wait_until_ready("console").await?;
        self.wait_until_ready("gateway").await
    }

    fn spawn(&mut self, name: &'static str, database_url: Option<&String>) -> anyhow::Result<()> {
        let port = self.addresses.get(name).and_then(|url| url.rsplit(':').next()).unwrap_or_default().to_owned();
        let program = self.programs.join(name);
        let mut command = Command::new(&program);
        command.env_clear().envs(&self.variables).env("PORT", port);
        if let Some((_, address)) = self.metrics.iter().find(|(of, _)| *of == name) {
            command.env("METRICS_ADDRESS", address);
        }
        command.env("IDENTITY_KEY", self.private.get(name).cloned().unwrap_or_default()).env("IDENTITY_PUBLIC_KEYS", self.public.join(","));
        if let Some(url) = database_url {
            command.env("DATABASE_URL", url).env("MIGRATE", "true");
        }
        // A group of its own: a Ctrl-C is for the launcher, which stops them in order
        let child = command.process_group(0).stdin(Stdio::null()).kill_on_drop(true).spawn();
        self.running.push((name, child.with_context(|| format!("{} can't be started", program.display()))?));
        Ok(())
    }

    /// Starts processes that have died once more, as they were; ready when this returns.
    ///
    /// # Errors
    /// As [`Children::start`].
    pub async fn again(&mut self, names: &[&'static str]) -> anyhow::Result<()> {
        let (dead, rest) = std::mem::take(&mut self.running).into_iter().partition(|(of, _)| names.contains(of));
        self.running = rest;
        for (_, mut child) in dead {
            child.kill().await.ok();
        }
        for name in names {
            let url = self.urls.get(name).cloned();
            self.spawn(name, url.as_ref())?;
        }
        for name in names {
            self.wait_until_ready(name).await?;
        }
        Ok(())
    }

    /// The process of a service.
    pub fn id(&self, name: &str) -> Option<u32> {
        self.running.iter().find(|(of, _)| *of == name).and_then(|(_, child)| child.id())
    }

    async fn wait_until_ready(&mut self, name: &'static str) -> anyhow::Result<()> {
        let client = service::router::client()?;
        let url = self.addresses.get(name).cloned().unwrap_or_default();
        // As long as it lives: a database may be slow, and a migration long
        let mut told = tokio::time::Instant::now();
        while !client.get(format!("{url}/health/ready")).send().await.is_ok_and(|answer| answer.status().is_success()) {
            if let Some((dead, status)) = self.dead()? {
                anyhow::bail!("{dead} ended with {status} before it was ready");
            }
            if told.elapsed() > STILL_WAITING {
                tracing::warn!(service = name, "it is still not ready; its own log tells why");
                told = tokio::time::Instant::now();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
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
        for (name, child) in self.running.iter_mut().rev() {
            if let Some(id) = child.id() {
                signal(id, Signal::TERM).ok();
            }
            if tokio::time::timeout(Duration::from_secs(35), child.wait()).await.is_err() {
                tracing::warn!(service = name, "did not stop in time and is killed");
                child.kill().await.ok();
            }
        }
    }
}
