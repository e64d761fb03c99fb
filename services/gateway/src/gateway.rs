//! What every door needs.

use std::sync::Arc;

use process::{Keyring, Router};

use crate::answer::Answers;
use crate::auth::Sessions;
use crate::bodies::{Bodies, Longest};
use crate::callers::Callers;
use crate::config::{GatewayConfig, named};
use crate::federation::Federation;
use crate::known::Known;
use crate::proven::Proven;
use crate::refusals::Refusals;
use crate::services::Services;

/// What every door needs, each part knowing only what it needs itself.
pub struct Gateway {
    /// Its settings.
    pub config: GatewayConfig,
    /// The services behind the doors.
    pub services: Services,
    /// Where requests come from.
    pub callers: Arc<Callers>,
    /// Who asks.
    pub sessions: Arc<Sessions>,
    /// Who has just proven it by a password.
    pub proven: Arc<Proven>,
    /// What they send.
    pub bodies: Bodies,
    /// Reads across services.
    pub federation: Federation,
    /// What the services tell of their models.
    pub known: Known,
    /// How the doors answer.
    pub answers: Answers,
    /// What was refused.
    pub refusals: Refusals,
}

impl Gateway {
    /// The doors before these services, for bodies of at most so many bytes.
    ///
    /// # Errors
    /// A proxy that is neither an address nor a network.
    pub fn new(config: GatewayConfig, longest: Longest, router: Router, keyring: Keyring) -> anyhow::Result<Gateway> {
        let config = GatewayConfig { cors_origins: named(&config.cors_origins), ..config };
        let services = Services { router, keyring };
        let callers = Arc::new(Callers::behind(&named(&config.trusted_proxies), services.keyring.clone())?);
        let sessions = Sessions::new(services.clone(), callers.clone(), config.session_param, config.cors_origins.clone());
        let sessions = Arc::new(sessions);
        let proven = Arc::new(Proven::new(services.clone(), callers.clone()));
        Ok(Gateway {
            bodies: Bodies::new(longest, config.strangers_bytes, sessions.clone(), proven.clone(), callers.clone()),
            proven,
            federation: Federation::new(services.clone(), longest.body),
            known: Known::new(services.clone()),
            answers: Answers::new(config.error_status, config.cookie_secure),
            refusals: Refusals::new(services.clone()),
            config,
            services,
            callers,
            sessions,
        })
    }

    /// Tells sync what was refused, as long as the process lives.
    pub async fn tell_refusals(self: Arc<Gateway>) {
        self.refusals.tell().await;
    }
}
