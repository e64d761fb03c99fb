//! From a change to a platform's 2xx: how long it takes, what a dead bank costs the others, how fast a backlog drains, and what
//! it costs in memory. Through the doors, with platforms on this machine; the times are the hub's own record of each delivery.

use std::time::Duration;

use anyhow::{Context, ensure};
use diesel::sql_types::{BigInt, Double};
use diesel_async::AsyncPgConnection;
use diesel_async::methods::LoadQuery;
use records::running::Typed;
use records::{Statement, sql};
use serde_json::{Value, json};
use system_tests::platform::{Mood, Platform, SECRET};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::stand::Server;

/// Changes a second.
const RATE: u32 = 100;
/// Records that one request changes.
const AT_ONCE: i64 = 500;
/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// The two banks' platforms, as the hub knows them.
pub(crate) struct Bench<'s> {
    server: &'s Server,
    admin: String,
    well: (i64, Platform),
    other: (i64, Platform),
}

/// Names both platforms: they answer at once.
pub(crate) async fn name(server: &Server) -> anyhow::Result<Bench<'_>> {
    let (admin, _) = server.log_in("admin").await?;
    let named = async |bank: &str| -> anyhow::Result<(i64, Platform)> {
        let platform = Platform::new().await;
        let data = json!({"name": bank, "base_url": platform.url, "secret": SECRET});
        let made = server.send_as(&admin, "POST", "/api/ek.platform/", &json!({"params": {"data": data}}).to_string()).await?;
        let made: Value = serde_json::from_str(&made)?;
        let id = made.pointer("/result").and_then(Value::as_i64).context("no platform")?;
        let taken = server.hub.sync.database.run(sql!("pushes/has_catalogue.sql", id, server.ids.1)).await;
        taken.map_err(|fault| anyhow::anyhow!("{fault}"))?;
        Ok((id, platform))
    };
    let (well, other) = (named("BNA").await?, named("Alsalam").await?);
    Ok(Bench { server, admin, well, other })
}

/// Measures all of it; a line of Markdown a result. `backlog` is how many deliveries one bank's has, and how many wait at both
/// when memory is looked at.
pub(crate) async fn measure(bench: &Bench<'_>, time: Duration, (few, many): (i64, i64)) -> anyhow::Result<()> {
    let server = bench.server;
    // In turns, so that whatever else the machine does hits both
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    bench.changes(time).await?;
    for _ in 0..4 {
        alone.extend(bench.changes(time).await?);
        bench.other.1.usually(Mood::Hangs);
        beside.extend(bench.changes(time).await?);
        bench.other.1.usually(Mood::Answers(200, ""));
        bench.again(bench.other.0).await?;
        bench.until("the other bank has caught up", &waiting(bench.other.0), |left| left == 0).await?;
    }
    let ((p50, p99), (beside_p50, beside_p99)) = (percentiles(alone), percentiles(beside));
    println!("- change to 2xx at {RATE} changes a second, two platforms: p50 {p50:.1} ms (goal < 15), p99 {p99:.1} ms (goal < 100)");
    println!(
        "- the same while the other platform takes calls and never answers: p50 {beside_p50:.1} ms, p99 {beside_p99:.1} ms ({:+.0} %, goal < +5 %)",
        (beside_p99 / p99 - 1.0) * 100.0
    );

    bench.wants(bench.other.0, false).await?;
    bench.well.1.usually(Mood::Resets);
    bench.touch(few).await?;
    bench.until("the backlog waits", &waiting(bench.well.0), |there| there >= few).await?;
    let (calls, rate) = bench.drain(&[&bench.well]).await?;
    println!("- a backlog of one platform drains at {rate:.0} calls a second, {calls} in all (goal >= 2,000)");

    bench.wants(bench.other.0, true).await?;
    bench.well.1.usually(Mood::Resets);
    bench.other.1.usually(Mood::Resets);
    let (before, _) = server.memory()?;
    bench.touch(many / 2).await?;
    for (platform, _) in [&bench.well, &bench.other] {
        bench.until("the backlog waits", &waiting(*platform), |there| there >= many / 2).await?;
    }
    let (with, _) = server.memory()?;
    tokio::time::sleep(time).await;
    let (later, _) = server.memory()?;
    println!("- memory before {before:.0} MB, with {many} deliveries waiting {with:.0} MB, {} s later {later:.0} MB", time.as_secs());
    let (calls, rate) = bench.drain(&[&bench.well, &bench.other]).await?;
    println!(
        "- of two platforms {calls} calls drain at {rate:.0} a second; memory then {:.0} MB, at most {:.0} MB",
        server.memory()?.0,
        server.memory()?.1
    );
    Ok(())
}

impl Bench<'_> {
    async fn write(&self, model: &str, filter: Value, data: Value) -> anyhow::Result<()> {
        let body = json!({"params": {"filter": filter, "data": data}}).to_string();
        self.server.send_as(&self.admin, "PUT", &format!("/api/{model}/"), &body).await.map(drop)
    }

    /// Changes at the rate for a time; answers how long each took to the first platform's 2xx, in milliseconds.
    async fn changes(&self, time: Duration) -> anyhow::Result<Vec<f64>> {
        let (first, last) = self.server.ids;
        let begun = self.one::<Double, f64>(sql!("pushes/now.sql")).await?;
        let mut pace = tokio::time::interval(Duration::from_secs(1) / RATE);
        let mut sending = JoinSet::new();
        let many = i64::from(RATE) * i64::try_from(time.as_secs())?;
        for n in 0..many {
            pace.tick().await;
            // Spread over the table, none twice in a run: each is a delivery of its own
            let id = first + (n * 7_919) % (last - first);
            let path = format!("/api/product.template/{id}");
            let body = json!({"params": {"data": {"name": format!("Renamed {n} {begun}")}}}).to_string();
            let request = self.server.put(&path, &self.admin, body);
            sending.spawn(async move { request.send().await?.error_for_status().map(drop) });
        }
        while let Some(sent) = sending.join_next().await {
            sent??;
        }
        let (platform, since) = (self.well.0, begun.to_string());
        self.until("everything has arrived", &sql!("pushes/arrived.sql", platform, since.as_str()), |there| there == many).await?;
        let took = sql!("pushes/took.sql", platform, since);
        self.server.hub.sync.database.search::<Double, f64>(took).await.map_err(|fault| anyhow::anyhow!("{fault}"))
    }

    /// Changes so many configurations.
    async fn touch(&self, many: i64) -> anyhow::Result<()> {
        let (first, _) = self.server.ids;
        let name = format!("Touched {:?}", Instant::now());
        for from in (first..first + many).step_by(usize::try_from(AT_ONCE)?) {
            let filter = json!([["id", ">=", from], ["id", "<", (from + AT_ONCE).min(first + many)]]);
            self.write("product.template", filter, json!({"name": name})).await?;
        }
        Ok(())
    }

    /// The platforms are back: how many calls they get until nothing waits, and how many a second.
    async fn drain(&self, platforms: &[&(i64, Platform)]) -> anyhow::Result<(usize, f64)> {
        let heard = || platforms.iter().map(|(_, platform)| platform.heard()).sum::<usize>();
        let (before, started) = (heard(), Instant::now());
        for (id, platform) in platforms {
            platform.usually(Mood::Answers(200, ""));
            self.again(*id).await?;
        }
        for (id, _) in platforms {
            self.until("the backlog is drained", &waiting(*id), |left| left == 0).await?;
        }
        let calls = heard() - before;
        Ok((calls, f64::from(u32::try_from(calls)?) / started.elapsed().as_secs_f64()))
    }

    async fn wants(&self, platform: i64, products: bool) -> anyhow::Result<()> {
        self.write("ek.platform", json!([["id", "=", platform]]), json!({"wants_products": products})).await
    }

    /// What waits is due at once.
    async fn again(&self, platform: i64) -> anyhow::Result<()> {
        let path = format!("/object/ek.platform/{platform}/action_replay");
        self.server.send_as(&self.admin, "POST", &path, r#"{"params": {"args": []}}"#).await.map(drop)
    }

    async fn until(&self, what: &str, count: &Statement, holds: impl Fn(i64) -> bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let there = self.one::<BigInt, i64>(count.clone()).await?;
            if holds(there) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "waited in vain until {what}: {there}; {}", self.server.last_log());
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    async fn one<ST, T>(&self, sql: Statement) -> anyhow::Result<T>
    where
        T: Send,
        Typed<ST>: for<'q> LoadQuery<'q, AsyncPgConnection, T>,
    {
        let rows = self.server.hub.sync.database.search::<ST, T>(sql).await.map_err(|fault| anyhow::anyhow!("{fault}"))?;
        rows.into_iter().next().context("no row")
    }
}

/// Counts what a platform has still to hear.
fn waiting(platform: i64) -> Statement {
    sql!("pushes/waiting.sql", platform)
}

fn percentiles(mut milliseconds: Vec<f64>) -> (f64, f64) {
    milliseconds.sort_by(f64::total_cmp);
    let at = |share: usize| milliseconds.get(milliseconds.len() * share / 100).copied().unwrap_or(f64::NAN);
    (at(50), at(99))
}
