//! Two processes of each service behind two gateways, on one machine, as a cluster has them: a service's address leads to those of
//! its processes that say they are ready.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use hub::children::{free_port, signal};
use hub::{OWNERS, PROCESSES};
use rustix::process::Signal;
use service::identity::make_ring;
use tokio::process::{Child, Command};

use crate::wire::Wire;
use crate::{Stand, programs, until, variables};

/// How many processes a service has.
pub const OF_EACH: usize = 2;

/// All of them.
pub struct Replicas {
    services: HashMap<&'static str, Service>,
    settings: Vec<(String, String)>,
    private: HashMap<String, String>,
    public: String,
    urls: HashMap<&'static str, String>,
    /// The folder of the programs that replicas are started from.
    pub programs: PathBuf,
}

struct Service {
    wire: Arc<Wire>,
    ports: Vec<u16>,
    running: Vec<Option<Child>>,
}

/// Asks a process of ours whether it can be sent requests, as a cluster does.
async fn is_ready(client: &service::router::Client, port: u16) -> bool {
    let asked = client.get(format!("http://127.0.0.1:{port}/health/ready")).timeout(Duration::from_secs(2)).send().await;
    asked.is_ok_and(|answer| answer.status().is_success())
}

impl Replicas {
    /// Starts them on a database that has its schema and the demo's data.
    pub async fn start(database_url: &str, settings: &[(&str, &str)]) -> Replicas {
        Replicas::start_from(programs(), database_url, settings).await
    }

    /// The same from the programs of a folder.
    pub async fn start_from(programs: PathBuf, database_url: &str, settings: &[(&str, &str)]) -> Replicas {
        let urls = operator::provision::urls(database_url).unwrap();
        let (private, public) = make_ring(PROCESSES).unwrap();
        let client = service::router::client().unwrap();
        let mut services = HashMap::new();
        // An earlier release has fewer
        for name in PROCESSES.iter().filter(|name| programs.join(name).is_file()) {
            let ports: Vec<u16> = (0..OF_EACH).map(|_| free_port().unwrap()).collect();
            let wire = Arc::new(Wire::to(&[]).await);
            let (leading, all, client) = (Arc::downgrade(&wire), ports.clone(), client.clone());
            // What a cluster's controller does
            tokio::spawn(async move {
                while let Some(wire) = leading.upgrade() {
                    let mut ready = Vec::new();
                    for port in &all {
                        if is_ready(&client, *port).await {
                            ready.push(format!("127.0.0.1:{port}"));
                        }
                    }
                    wire.lead_to(&ready.iter().map(String::as_str).collect::<Vec<_>>());
                    drop(wire);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            });
            services.insert(*name, Service { wire, running: ports.iter().map(|_| None).collect(), ports });
        }
        let mut settings: Vec<_> = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let there = OWNERS.iter().filter_map(|name| Some((name, services.get(name)?)));
        let addresses = there.map(|(name, of)| format!("{name}=http://127.0.0.1:{}", of.wire.port));
        settings.push(("SERVICES".to_owned(), addresses.collect::<Vec<_>>().join(",")));
        for (setting, name) in [("GATEWAY_URL", "gateway"), ("CONSOLE_URL", "console")] {
            settings.extend(services.get(name).map(|of: &Service| (setting.to_owned(), format!("http://127.0.0.1:{}", of.wire.port))));
        }
        let mut replicas = Replicas { services, settings, private, public: public.join(","), urls, programs };
        for (name, at) in replicas.all() {
            replicas.spawn(name, at);
        }
        for (name, at) in replicas.all() {
            replicas.wait_until_ready(name, at).await;
        }
        replicas
    }

    /// Each process: its service, and which of them.
    pub fn all(&self) -> Vec<(&'static str, usize)> {
        PROCESSES.iter().filter(|name| self.services.contains_key(*name)).flat_map(|name| (0..OF_EACH).map(move |at| (*name, at))).collect()
    }

    /// Clients for it, as the other helpers have them.
    pub fn stand(&self, database_url: &str) -> Stand {
        Stand::elsewhere(&format!("http://127.0.0.1:{}", self.services["gateway"].wire.port), database_url)
    }

    fn spawn(&mut self, name: &'static str, at: usize) {
        let settings: Vec<(&str, &str)> = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let service = self.services.get_mut(name).unwrap();
        let mut command = Command::new(self.programs.join(name));
        command.env_clear().envs(variables(&settings)).env("PORT", service.ports[at].to_string());
        command.env("IDENTITY_KEY", &self.private[name]).env("IDENTITY_PUBLIC_KEYS", &self.public);
        if let Some(url) = self.urls.get(name) {
            command.env("DATABASE_URL", url);
        }
        service.running[at] = Some(command.stdin(Stdio::null()).kill_on_drop(true).spawn().unwrap());
    }

    async fn wait_until_ready(&mut self, name: &'static str, at: usize) {
        let (client, port) = (service::router::client().unwrap(), self.services[name].ports[at]);
        until(&format!("{name} is ready"), async || is_ready(&client, port).await).await;
    }

    /// Runs every service's migrations by the programs of a folder.
    pub async fn migrate(&self, programs: &Path) {
        let settings: Vec<(&str, &str)> = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // All: a service that the earlier release did not have gets its schema before its first process
        for &name in OWNERS {
            let mut command = Command::new(programs.join(name));
            command.arg("migrate").env_clear().envs(variables(&settings)).env("DATABASE_URL", &self.urls[name]);
            command.env("IDENTITY_KEY", &self.private[name]).env("IDENTITY_PUBLIC_KEYS", &self.public);
            assert!(command.status().await.unwrap().success(), "{name} migrate");
        }
    }

    /// Ends a process by this signal, waits until it is gone, starts it again, and waits until it is ready.
    pub async fn again(&mut self, name: &'static str, at: usize, by: Signal) -> ExitStatus {
        let mut child = self.services.get_mut(name).unwrap().running[at].take().unwrap();
        signal(child.id().unwrap(), by).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(60), child.wait()).await.expect("it does not stop").unwrap();
        self.spawn(name, at);
        self.wait_until_ready(name, at).await;
        ended
    }
}
