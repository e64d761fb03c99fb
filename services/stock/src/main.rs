//! The stock service as a process: `stock`, or `stock migrate`.

use stock::Stock;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let make = |_: &_, _: &mut _, _: &_| Ok(Some(Stock));
    service::startup::ended(service::run::run(make, async |_| Ok(())).await)
}
