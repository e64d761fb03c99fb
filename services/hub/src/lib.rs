//! Every service in one process: the hub on a laptop, and in tests.

pub mod children;
pub mod demo;

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use bridge::{Bridge, BridgeConfig};
use catalog::{Catalog, Margins};
use console::Console;
use crm::{Crm, CrmConfig};
use gateway::bodies::Longest;
use gateway::{Gateway, GatewayConfig};
use operator::backup::Sealed;
use partners::{LoginConfig, Partners};
use service::config::{self, Variables};
use service::database::DatabaseConfig;
use service::doctor::examine;
use service::findings::{Finding, told};
use service::http::{Health, HttpConfig};
use service::router::Endpoint;
use service::run::start_background;
use service::{Database, Keyring, Owner, Router, Service};
use stock::Stock;
use sync::{Sync, SyncConfig};

pub use operator::{OWNERS, PROCESSES};

/// What is encrypted in the services' tables, for backup and restore.
pub const SEALED: &[Sealed] = &[
    ("loan files", "LOAN_FILE_KEYS", crm::loan_file::SEALED),
    ("papers", "LOAN_FILE_KEYS", crm::ir_attachment::SEALED),
    ("platforms' secrets", "PLATFORM_KEYS", sync::signature::SEALED),
    ("Odoos' secrets", "BRIDGE_KEYS", bridge::models::SEALED),
];

/// All services, put together.
pub struct Hub {
    /// The doors.
    pub gateway: Arc<Gateway>,
    /// Products.
    pub catalog: Arc<Owner<Catalog>>,
    /// Clients and users.
    pub partners: Arc<Owner<Partners>>,
    /// Leads, orders, invoices.
    pub crm: Arc<Owner<Crm>>,
    /// Points of sale's goods.
    pub stock: Arc<Owner<Stock>>,
    /// The pushes to the banks' platforms.
    pub sync: Arc<Owner<Sync>>,
    /// The way from an Odoo.
    pub bridge: Arc<Owner<Bridge>>,
    /// The pages.
    pub console: Arc<Console>,
    /// The way to each.
    pub router: Router,
    /// The keys, by process.
    pub keys: HashMap<String, Keyring>,
    /// Where it listens.
    pub http: HttpConfig,
}

impl Hub {
    /// Puts the services together. `urls` has a database URL for each owner; everything else comes from the variables.
    ///
    /// # Errors
    /// A configuration that is not complete.
    pub fn new(variables: &Variables, urls: &HashMap<&'static str, String>) -> anyhow::Result<Hub> {
        let mut problems = Vec::new();
        let database = |name: &'static str, problems: &mut Vec<String>| -> anyhow::Result<Option<Database>> {
            let mut own = variables.clone();
            own.insert("DATABASE_URL".to_owned(), urls.get(name).cloned().unwrap_or_default());
            DatabaseConfig::read(&own, problems).map(|config| Database::new(name, &config)).transpose()
        };
        let databases = (
            database("catalog", &mut problems)?,
            database("partners", &mut Vec::new())?,
            database("crm", &mut Vec::new())?,
            database("stock", &mut Vec::new())?,
            database("sync", &mut Vec::new())?,
            database("bridge", &mut Vec::new())?,
        );
        let settings = (
            HttpConfig::read(variables, &mut problems),
            GatewayConfig::read(variables, &mut problems),
            Margins::read(variables, &mut problems),
            LoginConfig::read(variables, &mut problems),
            CrmConfig::read(variables, &mut problems),
            SyncConfig::read(variables, &mut problems),
            BridgeConfig::read(variables, &mut problems),
            config::read::<i64>(variables, "MAX_ROWS", Some("100000"), &mut problems),
        );
        let complete = match (databases, settings) {
            (
                (Some(catalog), Some(partners), Some(crm), Some(stock), Some(sync), Some(bridge)),
                (
                    Some(http),
                    Some(doors),
                    Some(margins),
                    Some(login),
                    Some(crm_config),
                    Some(sync_config),
                    Some(bridge_config),
                    Some(max_rows),
                ),
            ) => Some((
                (catalog, partners, crm, stock, sync, bridge),
                http,
                doors,
                margins,
                login,
                crm_config,
                sync_config,
                bridge_config,
                max_rows,
            )),
            _ => None,
        };
        let (databases, http, doors, margins, login, crm_config, sync_config, bridge_config, max_rows) = config::check(complete, problems)?;
        let (catalog_data, partners_data, crm_data, stock_data, sync_data, bridge_data) = databases;

        let keys = Keyring::ring(PROCESSES)?;
        let key = |name: &str| keys.get(name).cloned().context("a process without a key");
        let router = Router::empty();
        let catalog = Arc::new(Owner::new(Catalog { margins }, catalog_data, key("catalog")?, router.clone(), max_rows));
        let users = Partners::new(login, partners_data.clone())?;
        let partners = Arc::new(Owner::new(users, partners_data, key("partners")?, router.clone(), max_rows));
        let crm = Arc::new(Owner::new(Crm::new(&crm_config)?, crm_data, key("crm")?, router.clone(), max_rows));
        let stock = Arc::new(Owner::new(Stock, stock_data, key("stock")?, router.clone(), max_rows));
        let sync = Arc::new(Owner::new(Sync::new(&sync_config)?, sync_data, key("sync")?, router.clone(), max_rows));
        let bridge = Arc::new(Owner::new(Bridge::new(&bridge_config)?, bridge_data, key("bridge")?, router.clone(), max_rows));
        let routes: [(&'static str, Arc<dyn Endpoint>); 6] = [
            ("catalog", catalog.clone()),
            ("partners", partners.clone()),
            ("crm", crm.clone()),
            ("stock", stock.clone()),
            ("sync", sync.clone()),
            ("bridge", bridge.clone()),
        ];
        router.set(HashMap::from(routes));
        let gateway = Arc::new(Gateway::new(doors, Longest::of(&http), router.clone(), key("gateway")?)?);
        let doors = gateway.clone();
        let console = Arc::new(Console::new(key("console")?, Box::new(move |request| doors.callers.address(request)))?);
        Ok(Hub { gateway, console, catalog, partners, crm, stock, sync, bridge, router, keys, http })
    }

    /// Runs every service's migrations.
    ///
    /// # Errors
    /// The database's own.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        self.catalog.migrate().await?;
        self.partners.migrate().await?;
        self.crm.migrate().await?;
        self.stock.migrate().await?;
        self.sync.migrate().await?;
        self.bridge.migrate().await
    }

    /// Enables the net under every service's tables: no earlier release serves them beside this process.
    ///
    /// # Errors
    /// The database's own.
    pub async fn enable_net(&self) -> anyhow::Result<()> {
        for database in self.databases() {
            database.enable_net().await?;
        }
        Ok(())
    }

    fn databases(&self) -> [&Database; 6] {
        let (catalog, partners, crm) = (&self.catalog.database, &self.partners.database, &self.crm.database);
        [catalog, partners, crm, &self.stock.database, &self.sync.database, &self.bridge.database]
    }

    /// Starts the services' background work.
    pub fn start_background(&self) -> [tokio::task::JoinHandle<()>; 7] {
        [
            start_background(&self.catalog),
            start_background(&self.partners),
            start_background(&self.crm),
            start_background(&self.stock),
            start_background(&self.sync),
            start_background(&self.bridge),
            tokio::spawn(self.gateway.clone().tell_refusals()),
        ]
    }

    /// Ready when every service's database is.
    pub fn health(&self) -> Health {
        let databases = self.databases().map(Database::clone);
        Health::new(move || {
            let databases = databases.clone();
            Box::pin(async move {
                for database in &databases {
                    if !database.is_there().await {
                        return false;
                    }
                }
                true
            })
        })
        .noting({
            let sync = self.sync.clone();
            move || {
                let sync = sync.clone();
                Box::pin(async move { Sync::note(&sync).await })
            }
        })
    }
}

/// The hub's routes.
pub fn routes(hub: &Hub) -> impl Fn(&mut service::http::Routes) + Clone + Send + 'static {
    gateway::routes(hub.gateway.clone(), console::routes(hub.console.clone(), gateway::doors::pages::is_a_browsers))
}

/// What is wrong, service by service.
///
/// # Errors
/// A configuration that is not complete.
pub async fn doctor(variables: &Variables, urls: &HashMap<&'static str, String>) -> anyhow::Result<(String, bool)> {
    let hub = Hub::new(variables, urls)?;
    let (mut text, mut is_well) = (String::new(), true);
    let mut add = |service: &str, findings: &[Finding]| {
        let (lines, well) = told(service, findings);
        text.push_str(&lines);
        is_well &= well;
    };
    add("catalog", &examine(&hub.catalog).await);
    add("partners", &examine(&hub.partners).await);
    add("crm", &examine(&hub.crm).await);
    add("stock", &examine(&hub.stock).await);
    add("sync", &examine(&hub.sync).await);
    add("bridge", &examine(&hub.bridge).await);
    Ok((text, is_well))
}
