//! `make soak`: everything that goes wrong, for a while, under load; and afterwards everything must be as it should.
//!
//! With `SOAK_FROM`, a folder with the programs of an earlier release, that release serves first, the schema is migrated under
//! it, both serve at once, and it is gone back to. Then processes are ended and killed, PostgreSQL is
//! stopped and killed, connections are cut and go silent, platforms fail.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rand::seq::IndexedRandom;
use rustix::process::Signal;
use system_tests::cluster::OwnCluster;
use system_tests::load::{Load, told_as_it_is};
use system_tests::platform::{Mood, Platform, platform_of};
use system_tests::replicas::Replicas;
use system_tests::stock::{ALGER, Goods, TV};
use system_tests::{Stand, programs, until_within};

const CLIENTS: usize = 5;
const SETTINGS: &[(&str, &str)] = &[("DRAIN_MS", "3000"), ("DATABASE_CONNECTIONS", "4"), ("LOG", "error"), ("PLATFORM_TIMEOUT", "2")];
/// How long it may take until everything is told once nothing goes wrong any more: a lease, and a probe.
const AFTERWARDS: Duration = Duration::from_secs(120);

service::settings! {
    /// What it does.
    pub struct SoakConfig {
        /// For how long things go wrong.
        soak_seconds: u64 = "120",
        /// The programs of an earlier release.
        soak_from: Option<PathBuf>,
    }
}

#[tokio::main]
async fn main() {
    let mut problems = Vec::new();
    let settings = SoakConfig::read(&service::config::environment(), &mut problems).unwrap_or_else(|| panic!("{problems:?}"));
    let (mut cluster, made) = match settings.soak_from {
        Some(earlier) => {
            let cluster = OwnCluster::new().await;
            operator::provision::database(&cluster.url("postgres"), "echange").await.unwrap();
            let made = upgrade(&cluster.url("echange"), earlier).await;
            (cluster, made)
        }
        None => (OwnCluster::filled().await, Vec::new()),
    };
    let url = cluster.url("echange");
    chaos(&mut cluster, &url, made, Duration::from_secs(settings.soak_seconds)).await;
    say("done");
}

fn say(what: &str) {
    let _ = writeln!(std::io::stdout(), "soak: {what}");
}

/// The earlier release and this one serve the same database, both ways. How the earlier one's processes end is not ours to
/// say; when ours are ended no request fails.
async fn upgrade(url: &str, earlier: PathBuf) -> Vec<(String, i64)> {
    system_tests::fill_by(&earlier, url).await;
    operator::provision::roles(url).await.unwrap();
    let mut replicas = Replicas::start_from(earlier.clone(), url, SETTINGS).await;
    let stand = replicas.stand(url);
    let load = Load::start(&stand.address, &stand.login("ekiclik").await.id, CLIENTS, 0);
    say("the earlier release serves; the schema is migrated under it");
    replicas.migrate(&programs()).await;
    let mut failed = 0;
    for (to, folder) in [("this release", programs()), ("the earlier one again", earlier)] {
        replicas.programs = folder;
        failed = load.failed();
        for (name, at) in replicas.all() {
            let before = load.answered();
            assert!(replicas.again(name, at, Signal::TERM).await.success(), "{name}");
            until_within(AFTERWARDS, "it goes on", async || load.answered() > before + CLIENTS).await;
        }
        say(&format!("every process is {to}; {} requests answered", load.answered()));
    }
    let done = load.stop().await;
    assert_eq!(done.unforeseen(), Vec::<&String>::new(), "of {} requests", done.answered);
    assert_eq!(done.failures[failed..], [] as [String; 0], "of {} requests, when processes of this release ended", done.answered);
    say(&format!("{failed} requests had to be sent again when processes of the earlier release ended, none for ours"));
    done.made
}

async fn chaos(cluster: &mut OwnCluster, url: &str, made: Vec<(String, i64)>, time: Duration) {
    let mut replicas = Replicas::start(url, SETTINGS).await;
    let stand = replicas.stand(url);
    let platforms = [Platform::new().await, Platform::new().await];
    let session = {
        let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
        for (bank, platform) in ["BNA", "Alsalam"].iter().zip(&platforms) {
            platform_of(&admin, bank, &platform.url).await;
        }
        Goods::count(&admin, ALGER, TV, 1_000_000.0).await;
        ekiclik.id
    };
    let load = Load::start(&stand.address, &session, CLIENTS, 50_000);
    let (started, mut rng) = (Instant::now(), rand::rng());
    let mut done = std::collections::BTreeMap::<&str, usize>::new();
    while started.elapsed() < time {
        let all = replicas.all();
        let &(name, at) = all.choose(&mut rng).unwrap();
        let what = *["stop", "kill", "kill", "stop postgres", "kill postgres", "cut", "silence", "platform"].choose(&mut rng).unwrap();
        *done.entry(what).or_default() += 1;
        match what {
            "stop" => drop(replicas.again(name, at, Signal::TERM).await),
            "kill" => drop(replicas.again(name, at, Signal::KILL).await),
            "stop postgres" => {
                cluster.stop().await;
                cluster.start().await;
            }
            "kill postgres" => {
                cluster.kill().await;
                cluster.start().await;
            }
            "cut" => cluster.wire.cut(),
            "silence" => {
                cluster.wire.silence(true);
                tokio::time::sleep(Duration::from_secs(1)).await;
                cluster.wire.silence(false);
            }
            _ => {
                let moods =
                    [Mood::Answers(500, ""), Mood::Answers(429, "retry-after: 1\r\n"), Mood::Resets, Mood::Hangs, Mood::Answers(200, "")];
                platforms.choose(&mut rng).unwrap().usually(moods.choose(&mut rng).unwrap().clone());
            }
        }
        let before = load.answered();
        until_within(AFTERWARDS, "it goes on", async || load.answered() > before).await;
    }
    say(&format!("{done:?}; {} requests answered", load.answered()));
    platforms.iter().for_each(|platform| platform.usually(Mood::Answers(200, "")));
    let mut load = load.stop().await;
    load.made.extend(made);
    assert_eq!(load.unforeseen(), Vec::<&String>::new());
    say(&format!("{} requests had to be sent again", load.failures.len()));
    load.settled(&stand, AFTERWARDS).await;
    afterwards(&stand, &platforms).await;
}

/// Nothing is lost, nothing happened twice, and everybody was told.
async fn afterwards(stand: &Stand, platforms: &[Platform]) {
    until_within(AFTERWARDS, "every event of stock's is taken", async || {
        stand.count("SELECT count(*) AS n FROM crm.event WHERE pos > (SELECT pos FROM stock.feed_cursor WHERE feed = 'crm')").await == 0
    })
    .await;
    Stand::execute(
        &mut stand.sql().await,
        "UPDATE sync.ek_platform SET failures = 0, open_until = NULL; UPDATE sync.ek_delivery SET next_attempt = now()",
    )
    .await;
    stand.all_told(AFTERWARDS).await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'dead'").await, 0, "dead letters");
    for schema in ["catalog", "partners", "crm", "stock", "sync"] {
        assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM {schema}.feed_parked")).await, 0, "parked in {schema}");
    }
    for platform in platforms {
        told_as_it_is(stand, platform).await;
    }
    system_tests::stock::consistent(stand).await;
}
