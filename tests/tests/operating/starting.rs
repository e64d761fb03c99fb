//! A database that is slow, or not there yet, when a process starts: it is waited for.

use std::collections::HashMap;
use std::process::Stdio;
use std::time::Duration;

use hub::children::{Children, free_port};
use system_tests::cluster::OwnCluster;
use system_tests::machine::{Folder, program};
use system_tests::wire::Wire;
use system_tests::{Stand, client, empty_database, fresh_database, until_within, variables};

/// How long a debug build may take to make all schemas, on a machine that others use too.
const SET_UP: Duration = Duration::from_secs(120);

async fn status(stand: &Stand, path: &str) -> u16 {
    // Nobody may listen yet
    let asked = client().get(format!("{}{path}", stand.address)).send().await;
    asked.map_or(0, |answer| answer.status().as_u16())
}

fn host(url: &str) -> String {
    url.rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned()
}

/// The URL through a wire.
fn through(wire: &Wire, url: &str) -> String {
    url.replace(&host(url), &format!("127.0.0.1:{}", wire.port))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hub_in_one_process_lives_and_is_not_ready_until_its_database_is_there() {
    // Of its own: the hub gives the services' roles other passwords
    let (folder, mut cluster) = (Folder::new(), OwnCluster::new().await);
    Stand::execute(&mut Stand::elsewhere("", &cluster.url("postgres")).sql().await, "CREATE DATABASE echange").await;
    let url = cluster.url("echange");
    cluster.stop().await;
    let (port, data) = (free_port().unwrap().to_string(), folder.path().display().to_string());
    let mut settings = variables(&[("PORT", &port), ("DATA_DIR", &data)]);
    settings.insert("DATABASE_URL".to_owned(), url.clone());
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut hub = program("hub", &[], &settings).stdout(Stdio::null()).spawn().unwrap();
    let stand = Stand::elsewhere(&format!("http://127.0.0.1:{port}"), &url);
    until_within(SET_UP, "it lives", async || status(&stand, "/health/live").await == 200).await;
    assert_eq!(status(&stand, "/health/ready").await, 503);
    let answer = stand.send("GET", "/api/res.bank/", &[], "").await;
    assert_eq!((answer.status, answer.headers.contains_key("retry-after")), (503, true), "{}", answer.text);
    cluster.start().await;
    until_within(SET_UP, "it is ready", async || status(&stand, "/health/ready").await == 200).await;
    assert!(hub.try_wait().unwrap().is_none(), "it has ended");
    assert_eq!(stand.login("ekiclik").await.list("res.bank", &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_lives_and_is_not_ready_while_its_database_is_away_or_says_nothing() {
    let (url, wire) = (fresh_database().await, Wire::to(&[]).await);
    let (private, public) = service::identity::make_ring(hub::PROCESSES).unwrap();
    let urls = operator::provision::urls(&url).unwrap();
    for (name, is_silent) in [("partners", false), ("sync", false), ("catalog", true)] {
        let there = host(&url);
        let there = [there.as_str()];
        wire.lead_to(if is_silent { &there } else { &[] });
        wire.silence(is_silent);
        let port = free_port().unwrap().to_string();
        let more = [("PORT", port.as_str()), ("MIGRATE", "true"), ("SERVICES", "crm=http://127.0.0.1:1"), ("IDENTITY_KEY", &private[name])];
        let mut settings = variables(&more);
        settings.insert("IDENTITY_PUBLIC_KEYS".to_owned(), public.join(","));
        settings.insert("ADMIN_PASSWORD".to_owned(), "a password of the first".to_owned());
        settings.insert("DATABASE_URL".to_owned(), through(&wire, &urls[name]));
        let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut process = program(name, &[], &settings).spawn().unwrap();
        let stand = Stand::elsewhere(&format!("http://127.0.0.1:{port}"), &url);
        until_within(SET_UP, "it lives", async || status(&stand, "/health/live").await == 200).await;
        assert_eq!(status(&stand, "/health/ready").await, 503, "{name}");
        wire.silence(false);
        wire.lead_to(&[&host(&url)]);
        until_within(SET_UP, "it is ready", async || status(&stand, "/health/ready").await == 200).await;
        process.kill().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_migration_still_ends_a_process() {
    let url = empty_database().await;
    let urls = operator::provision::roles(&url).await.unwrap();
    // Its first table is there already, and another's
    Stand::execute(&mut Stand::elsewhere("", &url).sql().await, "CREATE TABLE catalog.product_brand (other int)").await;
    let hub = system_tests::unserved(&urls);
    let error = hub.catalog.migrate().await.unwrap_err().to_string();
    assert!(error.contains("a migration of catalog failed"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_are_not_there_are_named_before_the_first_is_started() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("catalog"), "").unwrap();
    let started = Children::start(Some(folder.path()), &variables(&[]), &HashMap::new()).await;
    let error = started.err().expect("nothing is there").to_string();
    assert!(error.contains("there is no gateway, no partners, no crm, no stock, no sync, no bridge, no console in"), "{error}");
}
