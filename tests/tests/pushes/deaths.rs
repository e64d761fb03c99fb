//! No delivery is lost, whoever dies: backends, PostgreSQL, workers, processes; and of two hubs one tells.

use futures_util::future::join_all;
use rustix::process::Signal;
use system_tests::cluster::OwnCluster;
use system_tests::platform::{Mood, Platform, platform_of};
use system_tests::{Stand, id, until};

use crate::{all_told, product, rename, signalled};

#[tokio::test(flavor = "multi_thread")]
async fn backends_that_are_killed_lose_no_delivery() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let bna = Platform::new().await;
    platform_of(&admin, "BNA", &bna.url).await;
    let mut killer = Stand::admin().await;
    let name = stand.database_url.rsplit_once('/').unwrap().1.to_owned();
    for n in 0..10 {
        let made = ekiclik.create("product.template", product(&format!("K-{n}"), &[&format!("K-{n}-A")])).await;
        Stand::execute(&mut killer, &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")).await;
        assert_eq!(made.status, 200, "{}", made.text);
    }
    for n in 0..10 {
        let told = bna.hears("each product", |call| call.body.contains(&format!("\"K-{n}\""))).await;
        assert_eq!(told.json()["refConstructor"], format!("K-{n}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_is_stopped_and_one_that_is_killed_lose_no_delivery() {
    let mut cluster = OwnCluster::filled().await;
    let stand = Stand::on(&cluster.url("echange"), &[]).await;
    let bna = Platform::new().await;
    platform_of(&stand.login("admin").await, "BNA", &bna.url).await;
    let (ekiclik, mut made) = (stand.login("ekiclik").await, Vec::new());
    for round in 0..2 {
        let sent = join_all((0..12).map(|n| {
            let (ekiclik, reference) = (&ekiclik, format!("R-{round}-{n}"));
            async move { (ekiclik.create("product.template", product(&reference, &[&format!("{reference}-A")])).await, reference) }
        }));
        // While they are on their way
        let down = async {
            bna.hears("the first", |call| call.body.contains(&format!("\"R-{round}-"))).await;
            if round == 0 { cluster.stop().await } else { cluster.kill().await }
        };
        let (answers, ()) = tokio::join!(sent, down);
        assert!(answers.iter().all(|(answer, _)| matches!(answer.status, 200 | 503)), "{answers:?}");
        made.extend(answers.into_iter().filter(|(answer, _)| answer.status == 200).map(|(_, reference)| reference));
        cluster.start().await;
        until("it is ready again", async || stand.send("GET", "/health/ready", &[], "").await.status == 200).await;
    }
    assert!(made.len() >= 2, "{made:?}");
    for reference in &made {
        bna.hears("each that was answered", |call| call.body.contains(&format!("\"refConstructor\":\"{reference}\""))).await;
    }
    all_told(&stand).await;
    // None that is not there
    for call in bna.calls().iter().filter(|call| call.line == "POST /api/odoo/products") {
        let reference = call.json()["refConstructor"].as_str().unwrap().to_owned();
        let there = format!("SELECT count(*) AS n FROM catalog.product_master WHERE ref = '{reference}'");
        assert_eq!(stand.count(&there).await, 1, "{reference} was told and did not commit");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_after_sending_costs_a_repeat_under_the_same_id() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let bna = Platform::new().await;
    platform_of(&admin, "BNA", &bna.url).await;
    bna.next(Mood::Hangs);
    rename(&ekiclik, "IRIS-TV55-N", "Sent", None).await;
    let first = bna.hears("the first try", |call| call.body.contains("\"Sent\"")).await;
    // Nobody settles it any more: as if the process were gone, and its lease over
    let mut sql = stand.sql().await;
    Stand::execute(&mut sql, "UPDATE sync.ek_delivery SET lease = 'dead', lease_until = now() WHERE state = 'sending'").await;
    all_told(&stand).await;
    let same: Vec<_> = bna.calls().into_iter().filter(|call| call.body == first.body).collect();
    assert_eq!(same.len(), 2);
    assert_eq!(same[0].header("webhook-id"), same[1].header("webhook-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_of_its_own_pushes_too_and_a_change_made_while_it_is_dead_arrives() {
    let mut stand = Stand::processes().await;
    let bna = Platform::new().await;
    {
        let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
        platform_of(&admin, "BNA", &bna.url).await;
        assert_eq!(rename(&ekiclik, "IRIS-TV55-N", "Alive", None).await.status, 200);
        bna.hears("the name", |call| call.body.contains("\"Alive\"")).await;
        all_told(&stand).await;
    }
    signalled(&stand, Signal::KILL, "sync");
    assert_eq!(rename(&stand.login("ekiclik").await, "IRIS-TV55-N", "While it was dead", None).await.status, 200);
    stand.children.as_mut().unwrap().again(&["sync"]).await.unwrap();
    bna.hears("what it missed", |call| call.body.contains("While it was dead")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_commit_and_before_the_feed_is_read_nothing_is_lost() {
    let mut stand = Stand::processes().await;
    let bna = Platform::new().await;
    {
        let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
        platform_of(&admin, "BNA", &bna.url).await;
        // It can't read the feed while it stands still
        signalled(&stand, Signal::STOP, "sync");
        assert_eq!(rename(&ekiclik, "IRIS-TV55-N", "Committed", None).await.status, 200);
        signalled(&stand, Signal::KILL, "catalog");
        signalled(&stand, Signal::KILL, "sync");
    }
    stand.children.as_mut().unwrap().again(&["catalog", "sync"]).await.unwrap();
    bna.hears("what was committed", |call| call.body.contains("\"Committed\"")).await;
    all_told(&stand).await;
    assert_eq!(bna.calls().len(), 1, "and once: {:?}", bna.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_sending_and_before_marking_it_comes_again_under_the_same_id() {
    let mut stand = Stand::processes().await;
    let bna = Platform::new().await;
    bna.next(Mood::Hangs);
    {
        let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
        platform_of(&admin, "BNA", &bna.url).await;
        assert_eq!(rename(&ekiclik, "IRIS-TV55-N", "Sent", None).await.status, 200);
    }
    let first = bna.hears("the first try", |call| call.body.contains("\"Sent\"")).await;
    signalled(&stand, Signal::KILL, "sync");
    // A minute later
    Stand::execute(&mut stand.sql().await, "UPDATE sync.ek_delivery SET lease_until = now() WHERE state = 'sending'").await;
    stand.children.as_mut().unwrap().again(&["sync"]).await.unwrap();
    all_told(&stand).await;
    let same: Vec<_> = bna.calls().into_iter().filter(|call| call.body == first.body).collect();
    assert_eq!((same.len(), same[0].header("webhook-id")), (2, same[1].header("webhook-id")));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hubs_on_one_database_tell_everything_once() {
    let one = Stand::new().await;
    let two = Stand::on(&one.database_url, &[]).await;
    let (admin, ekiclik) = (one.login("admin").await, two.login("ekiclik").await);
    let bna = Platform::new().await;
    platform_of(&admin, "BNA", &bna.url).await;
    for n in 0..20 {
        id(&ekiclik.create("product.template", product(&format!("R-{n}"), &[&format!("R-{n}-A")])).await);
    }
    for n in 0..20 {
        bna.hears("each product", |call| call.body.contains(&format!("\"R-{n}\""))).await;
    }
    all_told(&one).await;
    let ids: Vec<_> = bna.calls().iter().map(|call| call.header("webhook-id").to_owned()).collect();
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "nobody died, so nothing came twice");
}
