//! What every process runs on, with a database or without: configuration, telemetry, identity, HTTP, the router to other services, start
//! and end.

pub mod address;
pub mod asking;
pub mod config;
pub mod directory;
pub mod findings;
mod heads;
pub mod http;
pub mod identity;
pub mod metrics;
pub mod router;
pub mod sealing;
pub mod shares;
pub mod startup;
pub mod telemetry;

use std::pin::Pin;

// For their features alone: the workspace's Cargo.toml says why
use bitflags as _;
use num_traits as _;

pub use asking::{ask, parse_reply};
pub use identity::{Caller, Keyring};
use jsonrpc::Fault;
pub use router::Router;

/// The release.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit that it was built from, where the build was told.
pub const COMMIT: &str = match option_env!("COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// A boxed future, where a trait object needs one.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What is our fault: the log has the cause, the client a fixed sentence with the id under which it stands there.
pub fn our_fault(service: &str, what: &str, error: &dyn std::fmt::Display) -> Fault {
    let id = format!("{:032x}", rand::random::<u128>());
    tracing::error!(service, %error, trace_id = id, "{what}");
    Fault::internal(&id)
}
