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
        let ask = async { Ok::<_, Fault>(Arc::new(asked(&self.services).await?.into_iter().flat_map(|(_, models)| models).collect())) };
        self.models.try_get_with((), ask).await.map_err(Arc::unwrap_or_clone)
    }
}

/// What each service tells of its models now.
///
/// # Errors
/// 503 where one is away.
pub async fn asked(services: &Services) -> Result<Vec<(&'static str, Models)>, Fault> {
    let mut told = Vec::with_capacity(SERVICES.len());
    for (service, _) in SERVICES {
        told.push((*service, parse_reply(services.ask_of_itself(service, "_described", None).await?).await?));
    }
    Ok(told)
}
