//! The crm service as a process: `crm`, or `crm migrate`.

use crm::{Crm, CrmConfig};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let make = |variables: &_, problems: &mut _, _: &_| CrmConfig::read(variables, problems).map(|config| Crm::new(&config)).transpose();
    service::startup::ended(service::run::run(make, async |_| Ok(())).await)
}
