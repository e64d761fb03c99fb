//! What a feed promises when its cluster is restored and its process killed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use domain::Identity;
use futures_util::future::join_all;
use hub::Hub;
use hub::children::signal;
use jsonrpc::Call;
use local_postgres::Cluster;
use rustix::process::Signal;
use serde_json::json;
use service::parse_reply;
use system_tests::{Stand, fresh_database, id, unserved, until};

use crate::{partners, program, read};

/// A brand through a hub that has no background work and no doors: its event waits for a stamper.
async fn make(hub: &Hub, name: &str) -> i64 {
    let token = hub.keys["gateway"].user_token("catalog", &Identity::system()).unwrap();
    parse_reply(hub.router.call(Call::new("product.brand", "create", token).with("data", &json!({"name": name}))).await.unwrap())
        .await
        .unwrap()
}

fn dump_file() -> String {
    std::env::temp_dir().join(format!("echange-dump-{:016x}", rand::random::<u64>())).to_str().unwrap().to_owned()
}

/// What a reader has of a feed: record by position.
async fn positions(hub: &Hub, after: i64) -> BTreeMap<i64, i64> {
    read(&hub.catalog.feed, after).await.into_iter().map(|event| (event.pos, event.record_id)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_into_another_cluster_gives_no_position_twice_and_stamps_what_waited() {
    let url = fresh_database().await;
    let old = unserved(&operator::provision::urls(&url).unwrap());
    for n in 0..5 {
        make(&old, &format!("Before {n}")).await;
    }
    let read_before = positions(&old, 0).await;
    let waiting = [make(&old, "Waiting 1").await, make(&old, "Waiting 2").await];
    let file = dump_file();
    program("pg_dump", &["-Fc", "-f", &file, &url]).await;
    // The old one goes on for a while after the backup: readers have met these positions too
    for n in 0..5 {
        make(&old, &format!("Lost {n}")).await;
    }
    let lost = positions(&old, *read_before.keys().last().unwrap()).await;
    let highest = *lost.keys().last().unwrap();

    let cluster = tokio::task::spawn_blocking(Cluster::temporary).await.unwrap().unwrap();
    let mut conn = AsyncPgConnection::establish(&cluster.url("postgres")).await.unwrap();
    conn.batch_execute(
        "CREATE ROLE catalog LOGIN; CREATE ROLE partners LOGIN; CREATE ROLE crm LOGIN; CREATE ROLE stock LOGIN; CREATE ROLE sync LOGIN; CREATE ROLE bridge LOGIN",
    )
    .await
    .unwrap();
    conn.batch_execute("CREATE DATABASE restored").await.unwrap();
    let restored = cluster.url("restored");
    program("pg_restore", &["--exit-on-error", "-d", &restored, &file]).await;
    std::fs::remove_file(&file).unwrap();
    let new = unserved(&operator::provision::roles(&restored).await.unwrap());
    new.migrate().await.unwrap();
    let after = positions(&new, 0).await;
    assert!(read_before.iter().all(|(pos, record)| after.get(pos) == Some(record)), "positions that readers know stay");
    let fresh: Vec<_> = after.range(highest + 1..).map(|(_, record)| *record).collect();
    assert_eq!(fresh, waiting, "what waited is stamped, in its order, beyond all that was ever given");
    assert_eq!(after.len(), read_before.len() + 2);
    let one = make(&new, "New").await;
    let news = positions(&new, *after.keys().last().unwrap()).await;
    assert_eq!(news.values().copied().collect::<Vec<_>>(), [one]);
    assert!(!lost.keys().any(|pos| after.contains_key(pos) || news.contains_key(pos)), "a position given twice");
    // Only once: the next stamping goes on from there
    make(&new, "Newer").await;
    let more = positions(&new, *news.keys().last().unwrap()).await;
    assert_eq!(*more.keys().next().unwrap(), news.keys().last().unwrap() + 1);
    drop(new);
    drop(conn);
    tokio::task::spawn_blocking(|| cluster.stop()).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_over_the_same_database_gives_no_position_twice() {
    let url = fresh_database().await;
    let urls = operator::provision::urls(&url).unwrap();
    let old = unserved(&urls);
    make(&old, "Before").await;
    let before = positions(&old, 0).await;
    let file = dump_file();
    program("pg_dump", &["-Fc", "-f", &file, &url]).await;
    for n in 0..5 {
        make(&old, &format!("Lost {n}")).await;
    }
    let lost = positions(&old, *before.keys().last().unwrap()).await;
    drop(old);
    program("pg_restore", &["--exit-on-error", "--clean", "--if-exists", "-d", &url, &file]).await;
    std::fs::remove_file(&file).unwrap();
    let new = unserved(&urls);
    make(&new, "New").await;
    let news = positions(&new, *before.keys().last().unwrap()).await;
    assert_eq!(news.len(), 1);
    assert!(
        news.keys().next() > lost.keys().last(),
        "a reader at {:?} never meets what comes at {:?}",
        lost.keys().last(),
        news.keys().next()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_every_answered_create_with_its_one_event_and_no_event_without_its_row() {
    for kill_after in [5, 30] {
        let stand = Stand::processes_with(&[("LOG", "error")]).await;
        let platform = stand.login("ekiclik").await;
        let pid = stand.children.as_ref().unwrap().id("partners").unwrap();
        let answers = AtomicUsize::new(0);
        let send = |n: usize| json!({"name": format!("Client {n}"), "email": format!("{n}@killed.dz"), "phone": "0555"});
        let created = join_all((0..16).map(|writer| {
            let (platform, answers) = (&platform, &answers);
            async move {
                let mut made = Vec::new();
                for step in 0..10 {
                    let answer = platform.create("res.partner", send(writer * 10 + step)).await;
                    match answer.status {
                        200 => made.push(id(&answer)),
                        503 => {}
                        _ => panic!("{} {}", answer.status, answer.text),
                    }
                    if answers.fetch_add(1, Ordering::SeqCst) + 1 == kill_after {
                        signal(pid, Signal::KILL).unwrap();
                    }
                }
                made
            }
        }))
        .await
        .concat();
        assert!(created.len() < 160, "the kill came too late");
        // Postgres may still be ending what the dead process had begun
        let gone =
            "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'echange-partners'";
        until("the dead process's connections are gone", async || stand.count(gone).await == 0).await;
        for client in &created {
            let of_it = format!(
                "SELECT count(*) AS n FROM partners.event e JOIN partners.res_partner p ON p.id = e.record_id WHERE e.model = 'res.partner' AND e.kind = 'created' AND p.id = {client}"
            );
            assert_eq!(stand.count(&of_it).await, 1, "client {client} was answered");
        }
        let phantoms = "SELECT count(*) AS n FROM partners.event e LEFT JOIN partners.res_partner p ON p.id = e.record_id WHERE e.model = 'res.partner' AND p.id IS NULL";
        assert_eq!(stand.count(phantoms).await, 0, "events without a row");
        let silent = "SELECT count(*) AS n FROM partners.res_partner p WHERE 1 <> (SELECT count(*) FROM partners.event e WHERE e.model = 'res.partner' AND e.record_id = p.id AND e.kind = 'created')";
        assert_eq!(stand.count(silent).await, 0, "rows without their one event");
        let unaudited = "SELECT count(*) AS n FROM partners.res_partner p WHERE 1 <> (SELECT count(*) FROM partners.audit a WHERE a.model = 'res.partner' AND a.record_id = p.id AND a.field IS NULL)";
        assert_eq!(stand.count(unaudited).await, 0, "rows without their one audit row");

        // Started again: everything is sent once more, and each client is there once
        let again = Stand::on(&stand.database_url, &[]).await;
        let platform = again.login("ekiclik").await;
        let mut answers = Vec::new();
        for crowd in 0..10 {
            answers.extend(join_all((0..16).map(|n| platform.create("res.partner", send(crowd * 16 + n)))).await);
        }
        let ids: BTreeSet<i64> = answers.iter().map(id).collect();
        assert_eq!(ids.len(), 160);
        assert!(created.iter().all(|client| ids.contains(client)));
        assert_eq!(again.count("SELECT count(*) AS n FROM partners.res_partner WHERE email LIKE '%@killed.dz'").await, 160);
        let mut told: HashMap<i64, i64> = HashMap::new();
        for event in read(partners(&again), 0).await.iter().filter(|event| event.model == "res.partner" && event.kind == "created") {
            *told.entry(event.record_id).or_default() += 1;
        }
        assert!(ids.iter().all(|client| told.get(client) == Some(&1)));
    }
}
