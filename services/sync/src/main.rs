//! The sync service as a process: `sync`, or `sync migrate`.

use sync::{Sync, SyncConfig};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let make = |variables: &_, problems: &mut _, _: &_| SyncConfig::read(variables, problems).map(|config| Sync::new(&config)).transpose();
    service::startup::ended(service::run::run(make, async |_| Ok(())).await)
}
