//! The bridge as a process: `bridge`, `bridge migrate`, or `bridge inspect`, which needs neither a database nor the others.

use bridge::{Bridge, BridgeConfig, command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| matches!(first.as_str(), "inspect" | "help" | "--help" | "-h")) {
        return service::startup::ended(command::run(&arguments).await);
    }
    let make =
        |variables: &_, problems: &mut _, _: &_| BridgeConfig::read(variables, problems).map(|config| Bridge::new(&config)).transpose();
    service::startup::ended(service::run::run(make, async |_| Ok(())).await)
}
