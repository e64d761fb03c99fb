//! What a service runs on beside what every process has: its database, its models' behaviour, calls and their transactions, feeds.

pub mod behaviour;
mod changing;
pub mod consumer;
pub mod database;
mod declared;
mod described;
pub mod doctor;
pub mod everywhere;
pub mod external_ids;
mod file;
mod freeze;
mod grouping;
pub mod hashing;
pub mod importing;
pub mod inner;
mod looks;
mod net;
mod once;
mod orm;
pub mod owner;
pub mod questions;
mod reading;
mod related;
pub mod run;
mod tables;
mod transaction;

pub use behaviour::{Asked, Behaviour, Changing, ModelOf, Plain, ReadOnly};
pub use database::Database;
pub use owner::{Owner, Service};
// A service's code has one place to look at
pub use process::{
    COMMIT, Caller, Keyring, Pending, Router, VERSION, address, ask, config, directory, findings, http, identity, metrics, our_fault,
    parse_reply, router, sealing, settings, shares, startup, telemetry,
};
pub use questions::{Answered, Answers};
