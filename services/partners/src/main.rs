//! The partners service as a process: `partners`, or `partners migrate`.

use partners::{LoginConfig, Partners};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let make = |variables: &_, problems: &mut _, database: &service::Database| {
        LoginConfig::read(variables, problems).map(|login| Partners::new(login, database.clone())).transpose()
    };
    service::process::run("partners", make, async |owner| {
        partners::login::first_administrator(owner).await?;
        Ok(())
    })
    .await
}
