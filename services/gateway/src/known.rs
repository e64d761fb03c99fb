//! What the services tell of their models.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jsonrpc::Fault;
use moka::future::Cache;
use process::directory::SERVICES;
use process::parse_reply;
use records::Described;

use crate::services::Services;

/// How long it is kept what the services tell of their models.
const KEPT: Duration = Duration::from_secs(60);

/// Every model, as its service describes it.
pub type Models = BTreeMap<String, Described>;

/// What the services tell of their models, as it was told last.
pub struct Known {
    services: Services,
    models: Cache<(), Arc<Models>>,
}

impl Known {
    /// Nothing yet.
    pub fn new(services: Services) -> Known {
        Known { services, models: Cache::builder().max_capacity(1).time_to_live(KEPT).build() }
    }

    /// All models.
    ///
    /// # Errors
    /// 503 where a service is away.
    pub async fn models(&self) -> Result<Arc<Models>, Fault> {
        let ask = async {
            let mut models = Models::new();
            for (service, _) in SERVICES {
                let described: Models = parse_reply(self.services.ask_of_itself(service, "_described", None).await?).await?;
                models.extend(described);
            }
            Ok::<_, Fault>(Arc::new(models))
        };
        self.models.try_get_with((), ask).await.map_err(Arc::unwrap_or_clone)
    }
}
