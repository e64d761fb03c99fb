//! Every service in one process: the hub on a laptop, and in tests.

pub mod children;
pub mod demo;
pub mod provision;

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use catalog::{Catalog, Margins};
use gateway::{Gateway, GatewayConfig};
use partners::{LoginConfig, Partners};
use service::config::{self, Variables};
use service::database::DatabaseConfig;
use service::http::{Health, HttpConfig};
use service::process::start_background;
use service::router::Endpoint;
use service::{Database, Keyring, Owner, Router};

/// The services that keep data, each with a role and a schema of its name.
pub const OWNERS: &[&str] = &["catalog", "partners"];
/// Every process.
pub const PROCESSES: &[&str] = &["gateway", "catalog", "partners"];

/// All services, put together.
pub struct Hub {
    /// The doors.
    pub gateway: Arc<Gateway>,
    /// Products.
    pub catalog: Arc<Owner<Catalog>>,
    /// Clients and users.
    pub partners: Arc<Owner<Partners>>,
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
        let databases = (database("catalog", &mut problems)?, database("partners", &mut Vec::new())?);
        let settings = (
            HttpConfig::read(variables, &mut problems),
            GatewayConfig::read(variables, &mut problems),
            Margins::read(variables, &mut problems),
            LoginConfig::read(variables, &mut problems),
            config::read::<i64>(variables, "MAX_ROWS", Some("100000"), &mut problems),
        );
        let complete = match (databases, settings) {
            ((Some(catalog), Some(partners)), (Some(http), Some(doors), Some(margins), Some(login), Some(max_rows))) => {
                Some((catalog, partners, http, doors, margins, login, max_rows))
            }
            _ => None,
        };
        let (catalog_data, partners_data, http, doors, margins, login, max_rows) = config::check(complete, problems)?;

        let keys = Keyring::ring(PROCESSES)?;
        let key = |name: &str| keys.get(name).cloned().context("a process without a key");
        let router = Router::empty();
        let catalog = Arc::new(Owner::new(Catalog::new(&margins), catalog_data, key("catalog")?, router.clone(), max_rows));
        let users = Partners::new(login, partners_data.clone())?;
        let partners = Arc::new(Owner::new(users, partners_data, key("partners")?, router.clone(), max_rows));
        let routes: [(&'static str, Arc<dyn Endpoint>); 2] = [("catalog", catalog.clone()), ("partners", partners.clone())];
        router.set(HashMap::from(routes));
        let gateway = Arc::new(Gateway::new(doors, http.max_body, router.clone(), key("gateway")?)?);
        Ok(Hub { gateway, catalog, partners, router, keys, http })
    }

    /// Runs every service's migrations.
    ///
    /// # Errors
    /// The database's own.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        self.catalog.migrate().await?;
        self.partners.migrate().await
    }

    /// Starts the services' background work.
    pub fn start_background(&self) -> [tokio::task::JoinHandle<()>; 2] {
        [start_background(&self.catalog), start_background(&self.partners)]
    }

    /// Ready when every service's database is.
    pub fn health(&self) -> Health {
        let (catalog, partners) = (self.catalog.database.clone(), self.partners.database.clone());
        Health::new(move || {
            let (catalog, partners) = (catalog.clone(), partners.clone());
            Box::pin(async move { catalog.is_there().await && partners.is_there().await })
        })
    }
}

/// The hub's routes.
pub fn routes(hub: &Hub) -> impl Fn(&mut service::http::Routes) + Clone + Send + 'static {
    gateway::routes(hub.gateway.clone())
}
