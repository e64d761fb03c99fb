//! What every process runs on: configuration, telemetry, identity, the database, the way a call is answered, the router to
//! other services, health and shutdown.

pub mod behaviour;
mod changing;
pub mod config;
pub mod consumer;
pub mod database;
mod described;
pub mod directory;
pub mod doctor;
pub mod hashing;
mod heads;
pub mod http;
pub mod identity;
pub mod metrics;
mod net;
pub mod owner;
pub mod process;
pub mod questions;
mod reading;
mod related;
pub mod router;
pub mod sealing;
pub mod shares;
pub mod telemetry;
mod transaction;

/// The release.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit that it was built from, where the build was told.
pub const COMMIT: &str = match option_env!("COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

use std::pin::Pin;

// For their features alone: the workspace's Cargo.toml says why
use bitflags as _;
use num_traits as _;

pub use behaviour::{Asked, Behaviour, Changing, ModelOf, Plain, ReadOnly};
pub use database::{Database, our_fault};
pub use identity::{Caller, Keyring};
pub use owner::{Owner, Service};
pub use questions::{Answered, Answers, ask, parse_reply};
pub use router::Router;

/// A boxed future, where a trait object needs one.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
