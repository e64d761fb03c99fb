//! `make bench`: the hub beside `pgbench` running the hub's own SQL, on the same cluster, in the same minutes.
//!
//! A rate alone tells more of the machine than of the hub; its ratio to what Postgres gives to a client that does nothing
//! but send the same statements tells what the hub costs. For each case the two run one after the other, so that whatever
//! else the machine does hits both.
#![allow(clippy::print_stdout, reason = "a program whose product is what it prints")]

mod cases;
mod pushes;
mod report;
mod stand;
mod tools;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use service::config;

use crate::cases::Case;
use crate::report::{Goals, Logins, Row};
use crate::stand::{Folder, Server, Stand};
use crate::tools::{Load, Pgbench, Wrk};

service::settings! {
    /// What the benchmark reads from its environment.
    pub struct BenchConfig {
        /// How long each measurement runs.
        bench_seconds: u64 = "5",
        /// A PostgreSQL for tests to use in place of a fresh one; its user may make databases and roles.
        bench_database_url: Option<secrecy::SecretString>,
        /// Only the cases whose name has this in it; `push` for the pushes alone.
        bench_only: Option<String>,
    }
}

/// How many products the databases have.
const SIZES: [u32; 2] = [5_000, 50_000];
/// How many connections at a time.
const CONNECTIONS: [u32; 3] = [1, 16, 64];
/// Connections of the readers that log-ins may not hurt.
const READERS: u32 = 16;
/// Connections that log in.
const LOGGING_IN: u32 = 4;
/// Statements get prepared and caches filled before anything is counted.
const WARM_UP: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    service::process::ended(start())
}

fn start() -> anyhow::Result<()> {
    ensure!(!cfg!(debug_assertions), "a debug build measures nothing: cargo run --release -p bench");
    let mut problems = Vec::new();
    let settings = BenchConfig::read(&config::environment(), &mut problems);
    let settings = config::check(settings, problems)?;
    // Declared before the runtime, whose end waits for the cluster's: its files go last
    let folder = Folder::make()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            outcome = bench(&settings, &folder) => outcome,
            () = service::http::stop_signal() => anyhow::bail!("stopped"),
        }
    })
}

async fn bench(settings: &BenchConfig, folder: &Folder) -> anyhow::Result<()> {
    let time = Duration::from_secs(settings.bench_seconds.max(1));
    let wrk = Wrk::find(folder.path()).await?;
    let stand = Stand::start(folder, settings.bench_database_url.as_ref()).await?;
    let pgbench = Pgbench::find(stand.programs(), folder.path())?;
    let mut servers = Vec::new();
    for products in SIZES {
        println!("Seeding {products} products…");
        servers.push(stand.serve(products).await?);
    }
    let mut cases = Vec::new();
    for server in &servers {
        let mut of_server = cases::all(server).await?;
        of_server.retain(|case| case.name.contains(settings.bench_only.as_deref().unwrap_or_default()));
        for case in &of_server {
            case.check(server).await?;
        }
        cases.push(of_server);
    }

    let runs = cases.iter().map(Vec::len).sum::<usize>() * CONNECTIONS.len();
    println!("{runs} measurements of {} s each for the hub and for pgbench; load average before: {}", time.as_secs(), load_average());
    let mut rows: Vec<Row> = Vec::new();
    for number in 0..cases.first().map_or(0, Vec::len) {
        for connections in CONNECTIONS {
            for (server, cases) in servers.iter().zip(&cases) {
                let case = cases.get(number).context("each size has the same cases")?;
                let row = compare(&wrk, &pgbench, server, case, connections, time).await?;
                println!("{}", row.progress());
                rows.push(row);
            }
        }
    }
    let (server, cases) = servers.last().zip(cases.last()).context("no size")?;
    if "push".contains(settings.bench_only.as_deref().unwrap_or_default()) {
        println!("\nPushes, {} products:", server.products);
        pushes::measure(server, time).await?;
    }
    if cases.is_empty() {
        drop(servers);
        return stand.stop().await;
    }
    println!("\n| by itself | connections | /s | p50 ms | p99 ms |\n|---|---:|---:|---:|---:|");
    for (name, connections, request) in cases::alone(server).await? {
        let load = Load { connections, time, pause: None };
        wrk.run(server, &request, Load { time: WARM_UP, ..load }).await?;
        let done = wrk.run(server, &request, load).await?;
        println!("| {name} | {connections} | {:.0} | {:.2} | {:.2} |", done.rate, done.p50, done.p99);
    }
    let reader = cases.first().context("no case")?;
    let saturated = rows.iter().find(|row| row.is(reader.name, server.products, READERS)).map(|row| row.hub.rate).unwrap_or_default();
    let logins = log_ins(&wrk, server, reader, saturated, time).await?;
    let goals = Goals { rows: &rows, logins: &logins, memory: server.memory()?, sizes: SIZES };
    println!("\n{}\n{goals}", report::table(&rows));
    println!("\nLoad average after: {}", load_average());
    drop(servers);
    stand.stop().await
}

async fn compare(wrk: &Wrk, pgbench: &Pgbench, server: &Server, case: &Case, connections: u32, time: Duration) -> anyhow::Result<Row> {
    let load = Load { connections, time, pause: None };
    let failed = || format!("{} at {connections} connections; {}", case.name, server.last_log());
    wrk.run(server, &case.request, Load { time: WARM_UP, ..load }).await.with_context(failed)?;
    let hub = wrk.run(server, &case.request, load).await.with_context(failed)?;
    let postgres = pgbench.run(server, case, load).await.with_context(|| format!("pgbench: {} at {connections} connections", case.name))?;
    Ok(Row { case: case.name, products: server.products, connections, hub, postgres })
}

/// Readers alone, and beside users who log in as fast as they can. Readers that take whatever the machine has would be
/// hurt by anything that runs; so these ask for half of what the hub can give them.
async fn log_ins(wrk: &Wrk, server: &Server, reader: &Case, saturated: f64, time: Duration) -> anyhow::Result<Logins> {
    let pause = (2_000.0 * f64::from(READERS) / saturated.max(1.0)).round().max(1.0);
    let reading = Load { connections: READERS, time, pause: Some(pause) };
    let logging_in = Load { connections: LOGGING_IN, time, pause: None };
    let login = cases::login();
    wrk.run(server, &login, Load { time: WARM_UP, ..logging_in }).await?;
    let alone = wrk.run(server, &reader.request, reading).await?;
    let (beside, logins) = tokio::try_join!(wrk.run(server, &reader.request, reading), wrk.run(server, &login, logging_in))?;
    Ok(Logins { logins, alone, beside })
}

fn load_average() -> String {
    std::fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').take(3).collect::<Vec<_>>().join(" ")
}
