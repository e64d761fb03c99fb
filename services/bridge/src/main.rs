//! The bridge as a process: `bridge`, `bridge migrate`, or one of its commands (`bridge inspect`), which need no database.

use bridge::{Bridge, BridgeConfig, command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments
        .first()
        .is_some_and(|first| command::COMMANDS.contains(&first.as_str()) || matches!(first.as_str(), "help" | "--help" | "-h"))
    {
        return service::startup::ended(command::run(&arguments).await);
    }
    let make =
        |variables: &_, problems: &mut _, _: &_| BridgeConfig::read(variables, problems).map(|config| Bridge::new(&config)).transpose();
    service::startup::ended(service::run::run(make, async |_| Ok(())).await)
}
