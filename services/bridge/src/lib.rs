//! The way from a real Odoo to the hub: it is looked at, and what will not fit is told before anything moves; then its records come over.

pub mod client;
pub mod command;
pub mod cutting_over;
pub mod driving;
pub mod examine;
pub mod inspect;
pub mod kept;
pub mod mapping;
pub mod misfits;
pub mod models;
pub mod moving;
pub mod plain;
pub mod printed;
pub mod reading;
pub mod runs;

use std::sync::Arc;
use std::time::Duration;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use service::address::Reach;
use service::findings::Finding;
use service::{ModelOf, Owner, Service};

service::settings! {
    /// What reaching an Odoo needs.
    pub struct BridgeConfig {
        /// Keys of the Odoos' secrets, `name:key` (32 bytes in base64), separated by commas: the first encrypts, all decrypt. `hub secret` makes one. Without any no secret can be kept.
        bridge_keys: Option<secrecy::SecretString>,
        /// Names and networks, separated by commas, where an Odoo may be beside public https: `odoo.shop.local, 10.1.0.0/16`. What is listed may be plain http.
        odoo_networks: String = "",
        /// How many milliseconds are waited before an Odoo is asked again; twice as long each time.
        odoo_patience_ms: u64 = "500",
    }
}

/// The service.
pub struct Bridge {
    keys: models::Keys,
    reach: Reach,
    patience: Duration,
}

impl Bridge {
    /// With this configuration.
    ///
    /// # Errors
    /// Keys that are none, a list of networks that can't be read.
    pub fn new(config: &BridgeConfig) -> anyhow::Result<Bridge> {
        Ok(Bridge {
            keys: models::Keys::parse(config.bridge_keys.as_ref())?,
            reach: Reach::beside_public("ODOO_NETWORKS", &config.odoo_networks)?,
            patience: Duration::from_millis(config.odoo_patience_ms.clamp(1, 60_000)),
        })
    }
}

impl Service for Bridge {
    type Heard = ();

    const NAME: &'static str = "bridge";
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/bridge");
    const MODELS: &'static [ModelOf<Bridge>] =
        &[ModelOf::of::<models::Odoo>(models::odoo), ModelOf::of::<models::Run>(models::run), ModelOf::of::<kept::Kept>(kept::record)];

    async fn examine(owner: &Owner<Bridge>) -> Vec<Finding> {
        examine::odoos(owner).await
    }

    async fn work(owner: &Arc<Owner<Bridge>>) {
        runs::work(owner).await;
    }
}
