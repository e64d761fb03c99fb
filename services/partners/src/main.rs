//! The partners service as a process: `partners`, or `partners migrate`.

use partners::{LoginConfig, Partners};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let make = |variables: &_, problems: &mut _, database: &service::Database| {
        LoginConfig::read(variables, problems).map(|login| Partners::new(login, database.clone())).transpose()
    };
    let started = async |owner: &std::sync::Arc<service::Owner<Partners>>| {
        partners::login::first_administrator(owner).await?;
        Ok(())
    };
    service::startup::ended(service::run::run(make, started).await)
}
