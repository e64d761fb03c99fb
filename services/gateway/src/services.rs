//! The services as the doors reach them.

use jsonrpc::{Call, Fault, Question, Reply};
use process::{Keyring, Router};

/// Where each service is, and the keys that sign who asks. Copies share both.
#[derive(Clone)]
pub struct Services {
    /// Where each is.
    pub router: Router,
    /// The gateway's own keys.
    pub keyring: Keyring,
}

impl Services {
    /// Asks what stands in a service's contract, as the gateway itself.
    ///
    /// # Errors
    /// Whatever the service says.
    pub async fn ask<Q: Question>(&self, question: &Q, traceparent: Option<&String>) -> Result<Q::Answer, Fault> {
        process::ask(&self.router, &self.keyring, question, traceparent).await
    }

    /// Asks a service what every service answers of itself, as the gateway itself.
    ///
    /// # Errors
    /// Whatever the service says.
    pub async fn ask_of_itself(&self, service: &'static str, method: &str, traceparent: Option<String>) -> Result<Reply, Fault> {
        let call = Call { traceparent, ..Call::new("", method, self.keyring.own_token(service)?) };
        self.router.service(service)?.call(call).await
    }
}
