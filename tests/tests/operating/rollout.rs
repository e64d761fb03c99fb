//! A release under load: two processes of each service behind two gateways, ended one after the other.

use std::time::Duration;

use rustix::process::Signal;
use system_tests::load::{Done, Load, told_as_it_is};
use system_tests::platform::{Platform, platform_of};
use system_tests::replicas::Replicas;
use system_tests::{Stand, fresh_database, until};

const CLIENTS: usize = 6;
const SETTINGS: &[(&str, &str)] = &[("DRAIN_MS", "3000"), ("DATABASE_CONNECTIONS", "4"), ("LOG", "error")];

/// What the load did is there, once, and the platform heard of every change.
async fn settled(stand: &Stand, done: &Done, bna: &Platform) {
    done.settled(stand, Duration::from_secs(30)).await;
    // What a process that was killed had leased is anybody's a minute later
    Stand::execute(&mut stand.sql().await, "UPDATE sync.ek_delivery SET lease_until = now() WHERE state = 'sending'").await;
    stand.all_told(Duration::from_secs(30)).await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state <> 'done'").await, 0);
    told_as_it_is(stand, bna).await;
}

async fn under_load(signal: Signal) -> (Done, usize) {
    let url = fresh_database().await;
    let mut replicas = Replicas::start(&url, SETTINGS).await;
    let stand = replicas.stand(&url);
    let (admin, ekiclik, bna) = (stand.login("admin").await, stand.login("ekiclik").await, Platform::new().await);
    platform_of(&admin, "BNA", &bna.url).await;
    let load = Load::start(&stand.address, &ekiclik.id, CLIENTS, 0);
    let mut ended = 0;
    for (name, at) in replicas.all() {
        let before = load.answered();
        let status = replicas.again(name, at, signal).await;
        assert_eq!(status.success(), signal == Signal::TERM, "{name}: {status}");
        until("it goes on", async || load.answered() > before + CLIENTS).await;
        ended += 1;
    }
    let done = load.stop().await;
    settled(&stand, &done, &bna).await;
    (done, ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_of_every_process_fails_no_request() {
    let (done, _) = under_load(Signal::TERM).await;
    assert_eq!(done.failures, Vec::<String>::new(), "of {} requests", done.answered);
    assert!(done.answered > 200, "{}", done.answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_processes_that_are_killed_only_what_is_in_flight_fails_and_sent_again_it_has_one_effect() {
    let (done, killed) = under_load(Signal::KILL).await;
    // Each client has one request on its way
    assert!(done.failures.len() <= killed * CLIENTS, "{} failures: {:#?}", done.failures.len(), done.failures);
    for failure in &done.failures {
        assert!(failure.contains(": 503 ") || failure.contains("Request"), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_not_ready_until_its_schema_is_there_and_those_before_it_serve_meanwhile() {
    let url = fresh_database().await;
    let mut replicas = Replicas::start(&url, SETTINGS).await;
    let stand = replicas.stand(&url);
    let mut sql = stand.sql().await;
    // As if the new release had one more migration than has run
    let version = "SELECT version FROM catalog.__diesel_schema_migrations ORDER BY version DESC LIMIT 1";
    Stand::execute(
        &mut sql,
        &format!("CREATE TABLE put_aside AS {version}; DELETE FROM catalog.__diesel_schema_migrations WHERE version IN (TABLE put_aside)"),
    )
    .await;
    let (again, ()) = tokio::join!(replicas.again("catalog", 0, Signal::TERM), async {
        let ekiclik = stand.login("ekiclik").await;
        let waiting = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'echange-catalog' AND query LIKE '%__diesel_schema_migrations%'";
        until("the new one looks at the schema", async || stand.count(waiting).await > 0).await;
        assert_eq!(ekiclik.list("product.brand", &[]).await.status, 200, "the other one serves");
        Stand::execute(&mut sql, "INSERT INTO catalog.__diesel_schema_migrations (version) TABLE put_aside").await;
    });
    assert!(again.success());
}
