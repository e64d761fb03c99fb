//! What requests cost in CPU, of the hub and of PostgreSQL apart: from /proc, read when all that follows from them has come to
//! rest. A change is stamped, taken by the services that follow, and told to the platforms.

use std::fs;
use std::time::Duration;

use anyhow::{Context, ensure};
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::stand::Server;
use crate::tools::Measured;

/// How long effects may take to come.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked whether they have.
const LOOK: Duration = Duration::from_millis(50);

/// CPU time used since a start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cpu {
    /// By the hub's process.
    pub hub: Duration,
    /// By every process of the PostgreSQL that it stands on, but the one that looks.
    pub postgres: Duration,
}

/// Reads the counters, on a connection of its own.
pub(crate) struct Meter {
    connection: Mutex<AsyncPgConnection>,
    backend: i32,
    postmaster: i32,
}

impl Meter {
    /// On a database of the server, as a superuser.
    pub(crate) async fn on(url: &str) -> anyhow::Result<Meter> {
        let mut connection = AsyncPgConnection::establish(url).await?;
        let backend = i32::try_from(read(&mut connection, "pg_backend_pid()").await?)?;
        let postmaster = stat(backend).context("PostgreSQL runs on another machine: its CPU time can't be read")?.parent;
        Ok(Meter { connection: Mutex::new(connection), backend, postmaster })
    }

    /// What was used so far.
    pub(crate) fn cpu(&self, server: &Server) -> anyhow::Result<Cpu> {
        let hub = stat(i32::try_from(server.process_id()?)?).context("the hub has ended")?.own;
        let mut postgres = stat(self.postmaster).map(|postmaster| postmaster.own + postmaster.of_ended).context("PostgreSQL has ended")?;
        let ids = fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        for process in ids.filter(|id| *id != self.backend).filter_map(stat).filter(|process| process.parent == self.postmaster) {
            postgres += process.own;
        }
        Ok(Cpu { hub, postgres })
    }

    /// Waits until every change has had all its effects, and was told.
    pub(crate) async fn rest(&self) -> anyhow::Result<()> {
        let open = "(SELECT count(*) FROM sync.ek_delivery WHERE state IN ('waiting', 'sending'))";
        let (left, deadline) = (format!("SELECT {} + {open}", system_tests::unheard()), Instant::now() + PATIENCE);
        loop {
            let there = self.number(&left).await?;
            if there == 0 {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{there} effects have not come after {} s", PATIENCE.as_secs());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// One number.
    pub(crate) async fn number(&self, sql: &str) -> anyhow::Result<i64> {
        read(&mut *self.connection.lock().await, &format!("({sql})")).await
    }

    /// Runs some work to its end and all its effects; answers what it was and what it cost.
    pub(crate) async fn costs<T>(&self, server: &Server, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<(T, Cpu)> {
        self.rest().await?;
        let before = self.cpu(server)?;
        let done = work.await?;
        self.rest().await?;
        let after = self.cpu(server)?;
        let (hub, postgres) = (after.hub.saturating_sub(before.hub), after.postgres.saturating_sub(before.postgres));
        Ok((done, Cpu { hub, postgres }))
    }
}

/// A number that is made by SQL.
#[derive(QueryableByName)]
pub(crate) struct Number {
    #[diesel(sql_type = BigInt)]
    pub n: i64,
}

async fn read(connection: &mut AsyncPgConnection, number: &str) -> anyhow::Result<i64> {
    Ok(diesel::sql_query(format!("SELECT {number}::bigint AS n")).get_result::<Number>(connection).await?.n)
}

/// The head of the table of [`row`]s.
pub(crate) const HEAD: &str = "\
| what | connections | /s | p50 ms | p99 ms | CPU of the hub, µs | of PostgreSQL, µs |\n|---|---:|---:|---:|---:|---:|---:|";

/// A row of Markdown.
pub(crate) fn row(what: &str, connections: u32, done: &Measured, cpu: Cpu) -> String {
    let each = |time: Duration| time.as_secs_f64() * 1e6 / done.requests.max(1.0);
    let Measured { rate, p50, p99, .. } = done;
    format!("| {what} | {connections} | {rate:.0} | {p50:.2} | {p99:.2} | {:.0} | {:.0} |", each(cpu.hub), each(cpu.postgres))
}

/// What is read of a process.
struct Stat {
    parent: i32,
    own: Duration,
    /// Of its children that have ended.
    of_ended: Duration,
}

fn stat(id: i32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name may have blanks
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let time = |ticks: u64| Some(Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second()));
    Some(Stat { parent: fields.get(1)?.parse().ok()?, own: time(ticks(11)? + ticks(12)?)?, of_ended: time(ticks(13)? + ticks(14)?)? })
}
