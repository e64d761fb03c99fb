//! What an operator does for a hub: a role and a schema for each service, backup and restore, keys, the secrets of a cluster.
//!
//! It knows the services by name alone; what it must know of one (what is encrypted in its tables) it is given.

pub mod backup;
pub mod forgotten;
pub mod keys;
pub mod kubernetes;
pub mod provision;

/// The services that keep data, each with a role and a schema of its name.
pub const OWNERS: &[&str] = &["catalog", "partners", "crm", "stock", "sync", "bridge"];
/// Every process.
pub const PROCESSES: &[&str] = &["gateway", "catalog", "partners", "crm", "stock", "sync", "bridge", "console"];
