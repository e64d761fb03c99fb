//! A feed while many write: each change once and in its order, whatever is slow, cut or doubled.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use events::{Event, Feed};
use futures_util::future::join_all;
use serde_json::json;
use system_tests::{Session, Stand, empty_database, fresh_database, id, until};

use crate::{catalog, read, texts};

/// A hub whose one user may send a crowd: on a slow machine each waits for its turn.
async fn crowded() -> Stand {
    Stand::on(&fresh_database().await, &[("DATABASE_WAIT_MS", "60000")]).await
}

/// That a record's versions come as 1, 2, 3, … up to the row's own: no gap, no phantom, no inversion.
async fn assert_versions(stand: &Stand, events: &[Event]) {
    let mut last: HashMap<(String, i64), i64> = HashMap::new();
    for event in events {
        let before = last.insert((event.model.clone(), event.record_id), event.version).unwrap_or(0);
        assert_eq!(event.version, before + 1, "{} {} at {}", event.model, event.record_id, event.pos);
        assert_eq!(event.kind == "created", event.version == 1);
    }
    for model in ["product.brand", "product.master", "product.template"] {
        let table = model.replace('.', "_");
        for row in texts(stand, &format!("SELECT id || ' ' || version AS text FROM catalog.{table}")).await {
            let (record, version) = row.split_once(' ').unwrap();
            let told = last.remove(&(model.to_owned(), record.parse().unwrap()));
            assert_eq!(told, Some(version.parse().unwrap()), "{model} {record}");
        }
    }
    last.retain(|(model, _), _| ["product.brand", "product.master", "product.template"].contains(&model.as_str()));
    assert!(last.is_empty(), "events of records that are not there: {last:?}");
}

struct Storm {
    answered: AtomicUsize,
    unknown: AtomicUsize,
    refused: AtomicUsize,
}

/// Twelve writers on three brands and one product, every fourth request one that is refused after it has written.
/// `between` is called after each answer with how many there were.
async fn storm(session: &Session<'_>, brands: &[i64], between: impl AsyncFn(usize)) -> Storm {
    let storm = Storm { answered: AtomicUsize::new(0), unknown: AtomicUsize::new(0), refused: AtomicUsize::new(0) };
    let all = AtomicUsize::new(0);
    join_all((0..12).map(|writer| {
        let (storm, all, between) = (&storm, &all, &between);
        async move {
            for step in 0..25 {
                let brand = brands[(writer + step) % brands.len()];
                let (answer, is_refused) = match step % 4 {
                    3 if writer % 2 == 0 => (
                        session
                            .write(
                                "product.brand",
                                json!([["id", "in", brands]]),
                                json!({"name": "IRIS", "reference": format!("never {writer}.{step}")}),
                            )
                            .await,
                        true,
                    ),
                    3 => {
                        let taken = json!([{"name": "x", "manufacturer_ref": "HOT"}, {"name": "x", "manufacturer_ref": "IRIS-TV55-N"}]);
                        (
                            session
                                .create(
                                    "product.template",
                                    json!({"name": format!("never {writer}.{step}"), "product_ref": "HOT", "product": taken}),
                                )
                                .await,
                            true,
                        )
                    }
                    2 => {
                        let sent = json!([{"name": format!("{writer}.{step}"), "manufacturer_ref": "HOT"}]);
                        (
                            session
                                .create(
                                    "product.template",
                                    json!({"name": format!("{writer}.{step}"), "product_ref": "HOT", "product": sent}),
                                )
                                .await,
                            false,
                        )
                    }
                    _ => (
                        session.write("product.brand", json!([["id", "=", brand]]), json!({"reference": format!("{writer}.{step}")})).await,
                        false,
                    ),
                };
                match (answer.status, is_refused) {
                    (200, false) => storm.answered.fetch_add(1, Ordering::Relaxed),
                    (409, _) => storm.refused.fetch_add(1, Ordering::Relaxed),
                    (503, _) => storm.unknown.fetch_add(1, Ordering::Relaxed),
                    _ => panic!("{} {}", answer.status, answer.text),
                };
                between(all.fetch_add(1, Ordering::Relaxed)).await;
            }
        }
    }))
    .await;
    storm
}

async fn hot_records(session: &Session<'_>) -> Vec<i64> {
    let mut brands = Vec::new();
    for name in ["Hot 1", "Hot 2", "Hot 3"] {
        brands.push(id(&session.create("product.brand", json!({"name": name})).await));
    }
    brands
}

/// Reads along by a cursor until told to stop, then to the end.
async fn follow(feed: &Feed, stop: &AtomicBool) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    loop {
        let stopping = stop.load(Ordering::SeqCst);
        let after = all.last().map_or(0, |event| event.pos);
        let Ok(text) = feed.read(after, 50).await else { continue };
        let some: Vec<Event> = serde_json::from_str(&text).unwrap();
        if some.is_empty() {
            if stopping {
                return all;
            }
            feed.wait(after, Duration::from_millis(100)).await;
        }
        all.extend(some);
    }
}

async fn all_stamped(stand: &Stand) {
    until("every event is stamped", async || stand.count("SELECT count(*) AS n FROM catalog.event WHERE pos IS NULL").await == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_meets_each_change_once_and_in_order_while_many_write() {
    let stand = crowded().await;
    let platform = stand.login("ekiclik").await;
    let brands = hot_records(&platform).await;
    let stop = AtomicBool::new(false);
    let writing = async {
        let storm = storm(&platform, &brands, async |_| {}).await;
        all_stamped(&stand).await;
        stop.store(true, Ordering::SeqCst);
        storm
    };
    let (storm, seen) = futures_util::join!(writing, follow(catalog(&stand), &stop));
    assert_eq!(storm.unknown.into_inner(), 0, "503 without a fault");
    assert!(storm.refused.into_inner() >= 60);
    assert!(seen.iter().is_sorted_by(|a, b| a.pos < b.pos));
    assert_versions(&stand, &seen).await;
    assert!(!seen.iter().any(|event| event.payload.get().contains("never")), "a refused change is told");
    let hot =
        seen.iter().filter(|event| brands.contains(&event.record_id) && event.model == "product.brand" && event.kind == "updated").count();
    // Of each writer's 25 requests 13 are changes of a brand
    assert_eq!(hot, 12 * 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_open_transaction_here_or_in_another_database_stops_nobody_and_loses_nothing() {
    let stand = crowded().await;
    let platform = stand.login("ekiclik").await;
    let brands = hot_records(&platform).await;
    let other = empty_database().await;
    let mut elsewhere = AsyncPgConnection::establish(&other).await.unwrap();
    elsewhere.batch_execute("BEGIN; CREATE TABLE held (n int); SELECT pg_current_xact_id()").await.unwrap();
    // Here: one that has written an event of its own, with an early seq and transaction id, and commits last
    let mut here = stand.sql().await;
    here.batch_execute(
        "BEGIN; SET LOCAL search_path TO catalog, public; \
         WITH made AS (INSERT INTO product_brand (name) VALUES ('Late') RETURNING id) \
         INSERT INTO event (model, record_id, version, kind, origin, actor, payload) SELECT 'product.brand', id, 1, 'created', 'odoo', 1, '{}' FROM made",
    )
    .await
    .unwrap();
    let stop = AtomicBool::new(false);
    let feed = catalog(&stand);
    let writing = async {
        storm(&platform, &brands, async |_| {}).await;
        all_stamped(&stand).await;
        let before = feed.stamp_once().await.unwrap();
        here.batch_execute("COMMIT").await.unwrap();
        all_stamped(&stand).await;
        stop.store(true, Ordering::SeqCst);
        before
    };
    let (before, seen) = futures_util::join!(writing, follow(feed, &stop));
    assert_versions(&stand, &seen).await;
    let last = seen.last().unwrap();
    assert!(last.pos > before && last.payload.get() == "{}", "what committed last comes last, whatever its seq");
    elsewhere.batch_execute("ROLLBACK").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_at_random_lose_no_event_and_make_none() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let brands = hot_records(&platform).await;
    let stop = AtomicBool::new(false);
    let feed = catalog(&stand);
    let writing = async {
        let storm = storm(&platform, &brands, async |answers| {
            if answers % 10 == 9 {
                let cut = "SELECT count(pg_terminate_backend(pid)) AS n FROM (SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'echange-%' ORDER BY random() LIMIT 1) one";
                assert_eq!(stand.count(cut).await, 1);
            }
        })
        .await;
        all_stamped(&stand).await;
        stop.store(true, Ordering::SeqCst);
        storm
    };
    let (storm, seen) = futures_util::join!(writing, follow(feed, &stop));
    assert!(seen.iter().is_sorted_by(|a, b| a.pos < b.pos));
    assert_versions(&stand, &seen).await;
    assert!(!seen.iter().any(|event| event.payload.get().contains("never")), "a refused change is told");
    // Each 200 to a PUT is a version; a 503 may be one
    let changes = stand.count("SELECT sum(version - 1)::bigint AS n FROM catalog.product_brand WHERE name LIKE 'Hot %'").await
        + stand.count("SELECT coalesce(sum(version), 0)::bigint AS n FROM catalog.product_master WHERE ref = 'HOT'").await;
    let (answered, unknown) = (i64::try_from(storm.answered.into_inner()).unwrap(), i64::try_from(storm.unknown.into_inner()).unwrap());
    assert!((answered..=answered + unknown).contains(&changes), "{answered} answers and {unknown} unknown, {changes} changes");
    // And all is well afterwards
    assert_eq!(platform.create("product.brand", json!({"name": "After"})).await.status, 200);
    all_stamped(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_reader_is_woken_by_a_change() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let feed = catalog(&stand);
    let head = feed.stamp_once().await.unwrap();
    let started = Instant::now();
    let (made, ()) =
        futures_util::join!(platform.create("product.brand", json!({"name": "Waking"})), feed.wait(head, Duration::from_secs(30)));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let news = feed.read(head, 10).await.unwrap();
    let news: Vec<Event> = serde_json::from_str(&news).unwrap();
    assert_eq!((news.len(), news[0].record_id), (1, id(&made)));
    // What is there already is not waited for, and nothing is waited for as long as was said
    let started = Instant::now();
    feed.wait(head, Duration::from_secs(30)).await;
    assert!(started.elapsed() < Duration::from_secs(5));
    feed.wait(news[0].pos, Duration::from_millis(1)).await;
    assert_eq!(feed.read(news[0].pos, 10).await.unwrap(), "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_stamp_each_event_once_and_each_hears_of_the_others_writes() {
    let one = Stand::new().await;
    let two = Stand::on(&one.database_url, &[]).await;
    let (on_one, on_two) = (one.login("ekiclik").await, two.login("ekiclik").await);
    for (writer, reader, stand) in [(&on_one, &two, "one"), (&on_two, &one, "two")] {
        let head = catalog(reader).stamp_once().await.unwrap();
        let started = Instant::now();
        let made = id(&writer.create("product.brand", json!({"name": format!("By {stand}")})).await);
        catalog(reader).wait(head, Duration::from_secs(30)).await;
        assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
        assert!(catalog(reader).read(head, 10).await.unwrap().contains(&format!(r#""record_id":{made},"#)));
    }
    let brands = hot_records(&on_one).await;
    let stamping = AtomicBool::new(true);
    let stampers = join_all((0..4).map(|n| {
        let (feed, stamping) = (catalog(if n % 2 == 0 { &one } else { &two }), &stamping);
        async move {
            while stamping.load(Ordering::SeqCst) {
                feed.stamp_once().await.unwrap();
            }
        }
    }));
    let writing = async {
        let storms = futures_util::join!(storm(&on_one, &brands, async |_| {}), storm(&on_two, &brands, async |_| {}));
        stamping.store(false, Ordering::SeqCst);
        storms
    };
    futures_util::join!(stampers, writing);
    all_stamped(&one).await;
    let seen = read(catalog(&two), 0).await;
    assert_versions(&one, &seen).await;
    assert_eq!(one.count("SELECT count(*) - count(DISTINCT pos) AS n FROM catalog.event").await, 0, "a position given twice");
    assert_eq!(one.count("SELECT max(pos) - min(pos) + 1 - count(*) AS n FROM catalog.event").await, 0, "positions without an event");
}
