//! `make bench`: the hub beside `pgbench` running the hub's own SQL, on the same cluster, in the same minutes.
//!
//! A rate alone tells more of the machine than of the hub; its ratio to what Postgres gives to a client that does nothing
//! but send the same statements tells what the hub costs. For each case the two run one after the other, so that whatever
//! else the machine does hits both.
#![expect(clippy::print_stdout, reason = "a program whose product is what it prints")]

mod cases;
mod costs;
mod orders;
mod pages;
mod pushes;
mod report;
mod stand;
mod tools;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use service::config;

use crate::cases::{Case, Request};
use crate::costs::{Cpu, Meter};
use crate::report::{Goals, Logins, Row};
use crate::stand::{Folder, Server, Stand};
use crate::tools::{Load, Measured, Pgbench, Wrk};

service::settings! {
    /// What the benchmark reads from its environment.
    pub struct BenchConfig {
        /// How long each measurement runs.
        bench_seconds: u64 = "5",
        /// Whether each case runs for a second on little data: that it runs, not how fast.
        bench_short: bool = "false",
        /// A PostgreSQL for tests to use in place of a fresh one; its user may make databases and roles.
        bench_database_url: Option<secrecy::SecretString>,
        /// Only the cases whose name has this in it; `push` for the pushes alone, `order` for an order's life, `pages` for the console's.
        bench_only: Option<String>,
    }
}

/// How much is measured.
struct Extent {
    /// How many products the databases have.
    sizes: [u32; 2],
    /// How many connections at a time.
    connections: &'static [u32],
    /// How long each measurement runs.
    time: Duration,
    /// How many deliveries one bank's backlog has, and how many wait at both.
    backlog: (i64, i64),
    /// How many orders the console's pages are measured with.
    orders: i64,
}

/// What the documents' numbers come from.
const WHOLE: Extent =
    Extent { sizes: [5_000, 50_000], connections: &[1, 16, 64], time: Duration::ZERO, backlog: (20_000, 100_000), orders: 50_000 };
/// That every case runs.
const SHORT: Extent = Extent { sizes: [500, 1_000], connections: &[16], time: Duration::from_secs(1), backlog: (200, 1_000), orders: 500 };
/// Connections at which the costs of a request are measured.
const COSTS_AT: u32 = 16;
/// Connections of the readers that log-ins may not hurt.
const READERS: u32 = 16;
/// Connections that log in.
const LOGGING_IN: u32 = 4;
/// Statements get prepared and caches filled before anything is counted.
const WARM_UP: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    service::startup::ended(start())
}

fn start() -> anyhow::Result<()> {
    let mut problems = Vec::new();
    let settings = BenchConfig::read(&config::environment(), &mut problems);
    let settings = config::check(settings, problems)?;
    ensure!(settings.bench_short || !cfg!(debug_assertions), "a debug build measures nothing: cargo run --release -p bench");
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
    let extent = if settings.bench_short { SHORT } else { Extent { time: Duration::from_secs(settings.bench_seconds.max(1)), ..WHOLE } };
    let wanted = |name: &str| name.contains(settings.bench_only.as_deref().unwrap_or_default());
    let wrk = Wrk::find(folder.path()).await?;
    let mut stand = Stand::start(folder, settings.bench_database_url.as_ref()).await?;
    let pgbench = Pgbench::find(stand.programs(), folder.path())?;
    let mut servers = Vec::new();
    for products in extent.sizes {
        println!("Seeding {products} products…");
        servers.push(stand.serve(products).await?);
    }
    // One that fails keeps no other from being measured
    let mut failed = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    println!("Measurements of {} s each for the hub and for pgbench; load average before: {}", extent.time.as_secs(), load_average());
    let mut all = Vec::new();
    for server in &servers {
        let mut cases = cases::all(server).await?;
        cases.retain(|case| wanted(case.name));
        all.push(cases);
    }
    for number in 0..all.first().map_or(0, Vec::len) {
        for &connections in extent.connections {
            for (server, cases) in servers.iter().zip(&all) {
                let case = cases.get(number).context("each size has the same cases")?;
                match compare(&wrk, &pgbench, server, case, connections, extent.time).await {
                    Ok(row) => {
                        println!("{}", row.progress());
                        rows.push(row);
                    }
                    Err(error) => note(&mut failed, case.name, &error),
                }
            }
        }
    }
    println!("\n{}", report::table(&rows));

    let (server, cases) = servers.last().zip(all.last()).context("no size")?;
    let logins = match cases.iter().find(|case| case.name == "read one") {
        Some(reader) => {
            let most = rows.iter().filter(|row| row.is(reader.name, server.products, READERS));
            let saturated = most.map(|row| row.hub.rate).next().unwrap_or_default();
            log_ins(&wrk, server, reader, saturated, extent.time).await.map_err(|error| note(&mut failed, "log in", &error)).ok()
        }
        None => None,
    };
    if let Some(logins) = logins.filter(|_| settings.bench_only.is_none() && !settings.bench_short) {
        println!("{}", Goals { rows: &rows, logins: &logins, memory: server.memory()?, sizes: extent.sizes });
    }

    let meter = Meter::on(&server.url).await?;
    let idle = async {
        tokio::time::sleep(extent.time).await;
        Ok(())
    };
    let ((), cpu) = meter.costs(server, idle).await?;
    let a_second = |time: Duration| time.as_secs_f64() * 1e3 / extent.time.as_secs_f64();
    println!(
        "An idle hub takes {:.1} ms of CPU a second; PostgreSQL under {} of them {:.1} ms.\n",
        a_second(cpu.hub),
        servers.len(),
        a_second(cpu.postgres)
    );

    let banks = pushes::name(server).await?;
    println!("What a request costs, with all that follows from it and two platforms that are told:\n\n{}", costs::HEAD);
    for case in cases {
        match cost(&wrk, &meter, server, &case.request, COSTS_AT, extent.time).await {
            Ok((done, cpu)) => println!("{}", costs::row(case.name, COSTS_AT, &done, cpu)),
            Err(error) => note(&mut failed, case.name, &error),
        }
    }
    if wanted("order") {
        match orders::measure(server, &meter, extent.time).await {
            Ok(rows) => rows.iter().for_each(|row| println!("{row}")),
            Err(error) => note(&mut failed, "an order's life", &error),
        }
    }
    let by_itself = cases::alone(server).await.unwrap_or_else(|error| {
        note(&mut failed, "orders to read", &error);
        Vec::new()
    });
    for (name, connections, request) in by_itself.into_iter().filter(|(name, ..)| wanted(name)) {
        match cost(&wrk, &meter, server, &request, connections, extent.time).await {
            Ok((done, cpu)) => println!("{}", costs::row(name, connections, &done, cpu)),
            Err(error) => note(&mut failed, name, &error),
        }
    }
    if wanted("push") {
        println!("\nPushes, {} products:", server.products);
        if let Err(error) = pushes::measure(&banks, extent.time, extent.backlog).await {
            note(&mut failed, "pushes", &error);
        }
    }
    // Last: with so many orders everything else would be another thing than before
    if wanted("pages")
        && let Err(error) = pages::measure(server, &meter, extent.time, extent.orders).await
    {
        note(&mut failed, "pages", &error);
    }
    println!("\nLoad average after: {}", load_average());
    drop(banks);
    drop(servers);
    stand.stop().await?;
    ensure!(failed.is_empty(), "not every case has run: {}", failed.join(", "));
    Ok(())
}

fn note(failed: &mut Vec<String>, case: &str, error: &anyhow::Error) {
    println!("FAILED {case}: {error:#}");
    if !failed.iter().any(|known| known == case) {
        failed.push(case.to_owned());
    }
}

/// What a request costs, warmed up.
async fn cost(
    wrk: &Wrk,
    meter: &Meter,
    server: &Server,
    request: &Request,
    connections: u32,
    time: Duration,
) -> anyhow::Result<(Measured, Cpu)> {
    let load = Load { connections, time, pause: None };
    wrk.run(server, request, Load { time: WARM_UP, ..load }).await.with_context(|| server.last_log())?;
    meter.costs(server, async { wrk.run(server, request, load).await.with_context(|| server.last_log()) }).await
}

async fn compare(wrk: &Wrk, pgbench: &Pgbench, server: &Server, case: &Case, connections: u32, time: Duration) -> anyhow::Result<Row> {
    let load = Load { connections, time, pause: None };
    let failed = || format!("{} at {connections} connections; {}", case.name, server.last_log());
    case.check(server).await?;
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
    std::fs::read_to_string("/proc/loadavg").unwrap_or_else(|error| error.to_string()).split(' ').take(3).collect::<Vec<_>>().join(" ")
}
