//! The catalog service as a process: `catalog`, or `catalog migrate`.

use catalog::{Catalog, Margins};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let make = |variables: &_, problems: &mut _, _: &_| Ok(Margins::read(variables, problems).map(|margins| Catalog { margins }));
    service::startup::ended(service::run::run(make, async |_| Ok(())).await)
}
