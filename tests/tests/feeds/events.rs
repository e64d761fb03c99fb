//! What is written beside a change: events and the feed of them, audit rows; migrations; and what holds when processes,
//! connections and clusters go away.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use domain::Identity;
use events::{Event, Feed};
use futures_util::future::join_all;
use hub::Hub;
use hub::children::signal;
use jsonrpc::Call;
use local_postgres::Cluster;
use rustix::process::Signal;
use serde_json::{Value, json};
use service::parse_reply;
use system_tests::{Answer, Session, Stand, empty_database, fresh_database, unserved, until};

fn id(answer: &Answer) -> i64 {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.result().as_i64().unwrap_or_else(|| panic!("{}", answer.text))
}

/// Everything after a position, stamped first.
async fn read(feed: &Feed, after: i64) -> Vec<Event> {
    feed.stamp_once().await.unwrap();
    let mut all: Vec<Event> = Vec::new();
    loop {
        let after = all.last().map_or(after, |event| event.pos);
        let some: Vec<Event> = serde_json::from_str(&feed.read(after, 1_000).await.unwrap()).unwrap();
        if some.is_empty() {
            return all;
        }
        assert!(some.iter().is_sorted_by(|a, b| a.pos < b.pos) && some[0].pos > after, "positions rise");
        all.extend(some);
    }
}

fn catalog(stand: &Stand) -> &Feed {
    &stand.hub.as_ref().unwrap().catalog.feed
}

fn partners(stand: &Stand) -> &Feed {
    &stand.hub.as_ref().unwrap().partners.feed
}

/// A hub whose one user may send a crowd: on a slow machine each waits for its turn.
async fn crowded() -> Stand {
    Stand::on(&fresh_database().await, &[("DATABASE_WAIT_MS", "60000")]).await
}

async fn uid(session: &Session<'_>, login: &str) -> i64 {
    session.rows("res.users", &[("filter", &json!([["login", "=", login]]).to_string()), ("query", "{id}")]).await[0]["id"]
        .as_i64()
        .unwrap()
}

#[derive(diesel::QueryableByName, Debug)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// One text a row.
async fn texts(stand: &Stand, sql: &str) -> Vec<String> {
    let rows = diesel_async::RunQueryDsl::load::<Row>(diesel::sql_query(sql), &mut stand.sql().await).await;
    rows.unwrap_or_else(|error| panic!("{sql}: {error}")).into_iter().map(|row| row.text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_one_event_with_the_whole_new_state_and_an_audit_row_a_field() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = catalog(&stand).stamp_once().await.unwrap();
    let body = json!({"params": {"data": {"name": "Brand", "reference": "R1", "create_by": "ekiclic"}}}).to_string();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let brand = id(&platform.send("POST", "/api/product.brand/", &[("traceparent", trace)], &body).await);
    let put = async |data: Value| assert_eq!(platform.write("product.brand", json!([["id", "=", brand]]), data).await.result(), true);
    put(json!({"name": "Renamed", "reference": "R2"})).await;
    put(json!({"name": "Renamed"})).await;
    put(json!({"reference": null})).await;
    assert_eq!(platform.write("product.brand", json!([["id", "=", brand]]), json!({"name": "Iris"})).await.status, 409);
    assert_eq!(platform.unlink("product.brand", brand).await.status, 200);

    let events = read(catalog(&stand), before).await;
    let told: Vec<_> = events.iter().map(|event| (event.model.as_str(), event.record_id, event.version, event.kind.as_str())).collect();
    assert_eq!(
        told,
        [
            ("product.brand", brand, 1, "created"),
            ("product.brand", brand, 2, "updated"),
            ("product.brand", brand, 3, "updated"),
            ("product.brand", brand, 4, "deleted")
        ]
    );
    assert!(events.iter().all(|event| event.origin == "ekiclik" && event.bank.is_none()));
    assert!(
        events[0].traceparent.as_ref().is_some_and(|parent| parent.contains("0af7651916cd43dd8448eb211c80319c")),
        "{:?}",
        events[0].traceparent
    );
    // Nobody's contract says anything of a brand but that it changed
    assert!(events.iter().all(|event| (event.schema, event.cause.as_str(), event.payload.get()) == (1, "change", "{}")), "{events:?}");

    let uid = uid(&platform, "ekiclik").await;
    let audit = texts(&stand, &format!("SELECT concat_ws('|', actor, origin, coalesce(field, '-'), coalesce(before->>'name', before::text, '-'), coalesce(after->>'name', after::text, '-')) AS text FROM catalog.audit WHERE model = 'product.brand' AND record_id = {brand} ORDER BY id")).await;
    let expected = ["-|-|Brand", "name|\"Brand\"|\"Renamed\"", "reference|\"R1\"|\"R2\"", "reference|\"R2\"|null", "-|Renamed|-"]
        .map(|row| format!("{uid}|ekiclik|{row}"));
    let (mut told, mut wanted) = (audit.clone(), expected.to_vec());
    // Fields of one change stand in no order
    told[1..3].sort();
    wanted[1..3].sort();
    assert_eq!(told, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_that_changes_many_records_has_one_event_for_each() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = catalog(&stand).stamp_once().await.unwrap();
    let configuration = |reference: &str| json!({"name": reference, "manufacturer_ref": reference, "attribute": [{"attribute_id": "Neuf", "value_id": "Seul"}]});
    let sent = json!({"name": "P", "product_ref": "P", "brand": "Neuve", "categ_id": "Neuve", "product": [configuration("A"), configuration("B"), configuration("C")]});
    id(&platform.create("product.template", sent).await);
    let mut models: BTreeMap<String, usize> = BTreeMap::new();
    for event in read(catalog(&stand), before).await {
        assert_eq!((event.kind.as_str(), event.version), ("created", 1));
        *models.entry(event.model).or_default() += 1;
    }
    let expected = [
        ("product.attribute", 1),
        ("product.attribute.value", 1),
        ("product.brand", 1),
        ("product.category", 1),
        ("product.master", 1),
        ("product.template", 3),
    ];
    assert_eq!(models, expected.map(|(model, n)| (model.to_owned(), n)).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_tells_the_bank_that_caused_it() {
    let stand = Stand::new().await;
    let (platform, bank, admin) = (stand.login("ekiclik").await, stand.login("alsalam").await, stand.login("admin").await);
    let before = partners(&stand).stamp_once().await.unwrap();
    let by_bank = id(&bank.create("res.partner", json!({"name": "A", "email": "a@x.dz", "create_by": "odoo"})).await);
    let by_source = id(&platform.create("res.partner", json!({"name": "B", "email": "b@x.dz", "source": "al salam"})).await);
    let by_nobody = id(&admin.create("res.partner", json!({"name": "C", "email": "c@x.dz"})).await);
    let alsalam = admin.rows("res.bank", &[("filter", r#"[["name","=","Alsalam"]]"#), ("query", "{id}")]).await[0]["id"].as_i64();
    let told: Vec<_> = read(partners(&stand), before)
        .await
        .into_iter()
        .filter(|event| event.model == "res.partner")
        .map(|event| (event.record_id, event.origin, event.bank))
        .collect();
    assert_eq!(
        told,
        [(by_bank, "ekiclik".to_owned(), alsalam), (by_source, "ekiclik".to_owned(), alsalam), (by_nobody, "odoo".to_owned(), None)]
    );
    let actor = stand.count(&format!("SELECT actor AS n FROM partners.audit WHERE model = 'res.partner' AND record_id = {by_bank}")).await;
    assert_eq!(actor, uid(&admin, "alsalam").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_and_passwords_are_nowhere_in_events_and_audit() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let secrets = [
        "0555123987",
        "0666123987",
        "0777123987",
        "privee@secret.dz",
        "changee@secret.dz",
        "autre@secret.dz",
        "Rue Tenue Secrete",
        "Escalier Tenu Secret",
        "mot-de-passe-un",
        "mot-de-passe-deux",
        "mot-de-passe-trois",
    ];
    let client = id(&admin.create("res.partner", json!({"name": "Client", "email": secrets[3], "phone": secrets[0], "mobile": secrets[1], "street": secrets[6], "street2": secrets[7]})).await);
    assert_eq!(
        admin
            .write(
                "res.partner",
                json!([["id", "=", client]]),
                json!({"phone": secrets[2], "email": secrets[4], "mobile": null, "city": "Alger"})
            )
            .await
            .result(),
        true
    );
    let user = id(&admin
        .create("res.users", json!({"name": "U", "login": "u", "password": secrets[8], "email": secrets[5], "phone": secrets[0]}))
        .await);
    assert_eq!(
        admin.write("res.users", json!([["id", "=", user]]), json!({"password": secrets[9], "phone": secrets[1]})).await.result(),
        true
    );
    assert_eq!(admin.call("res.users", user, "action_set_password", json!([secrets[10]])).await.status, 200);
    assert_eq!(admin.unlink("res.partner", client).await.status, 200);

    let feed = partners(&stand);
    feed.stamp_once().await.unwrap();
    let told = read(feed, 0).await.iter().map(|event| event.payload.get().to_owned()).collect::<String>();
    assert!(told.contains("bank_ids"));
    for secret in secrets.into_iter().chain(["argon2"]) {
        assert!(!told.contains(secret), "the feed tells {secret}");
        for table in ["partners.event", "partners.audit", "catalog.event", "catalog.audit"] {
            assert_eq!(
                stand.count(&format!("SELECT count(*) AS n FROM {table} t WHERE t::text ILIKE '%{secret}%'")).await,
                0,
                "{table} tells {secret}"
            );
        }
    }
    let fields = async |model: &str, record: i64| {
        texts(&stand, &format!("SELECT field AS text FROM partners.audit WHERE model = '{model}' AND record_id = {record} AND field IS NOT NULL ORDER BY id")).await.into_iter().collect::<BTreeSet<_>>()
    };
    assert_eq!(
        fields("res.partner", client).await,
        ["city", "email", "mobile", "phone"].map(str::to_owned).into(),
        "changes are told by name"
    );
    assert_eq!(fields("res.users", user).await, ["password", "phone"].map(str::to_owned).into());
    assert_eq!(
        stand
            .count(&format!(
                "SELECT count(*) AS n FROM partners.audit WHERE record_id = {user} AND model = 'res.users' AND field = 'password'"
            ))
            .await,
        2
    );
    let events = stand.count(&format!("SELECT count(*) AS n FROM partners.event WHERE record_id = {client} AND model = 'res.partner' AND NOT payload ?| ARRAY['phone', 'email']")).await;
    assert_eq!(events, 3, "what is personal is published nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_is_append_only() {
    let stand = Stand::new().await;
    for schema in ["catalog", "partners"] {
        let before = stand.count(&format!("SELECT count(*) AS n FROM {schema}.audit")).await;
        assert!(before > 0);
        let own = operator::provision::urls(&stand.database_url).unwrap()[schema].clone();
        for url in [&stand.database_url, &own] {
            let mut conn = AsyncPgConnection::establish(url).await.unwrap();
            for sql in [
                format!("UPDATE {schema}.audit SET actor = 1"),
                format!("DELETE FROM {schema}.audit"),
                format!("DELETE FROM {schema}.audit WHERE false"),
                format!("TRUNCATE {schema}.audit"),
            ] {
                let error = conn.batch_execute(&sql).await.expect_err(&sql);
                assert!(error.to_string().contains("append-only"), "{sql}: {error}");
            }
        }
        assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM {schema}.audit")).await, before);
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_is_for_services_alone() {
    let stand = Stand::processes().await;
    let platform = stand.login("ekiclik").await;
    let children = stand.children.as_ref().unwrap();
    let client = service::router::client().unwrap();
    let get = async |name: &str, query: &str, token: Option<&str>| {
        let mut request = client.get(format!("{}/feed{query}", children.addresses[name])).timeout(Duration::from_secs(60));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let key = children.key("sync").unwrap();
    let (service, other) = (key.own_token("catalog").unwrap(), key.own_token("partners").unwrap());
    let administrator = children.gateway.user_token("catalog", &Identity::system()).unwrap();
    // Services, but none that follows this one
    let stranger = children.key("stock").unwrap().own_token("catalog").unwrap();
    let gateway = children.gateway.own_token("catalog").unwrap();
    for (token, status) in [
        (None, 401),
        (Some("nonsense"), 401),
        (Some(platform.id.as_str()), 401),
        (Some(&*other), 401),
        (Some(&*administrator), 403),
        (Some(&*stranger), 403),
        (Some(&*gateway), 403),
    ] {
        let (answered, text) = get("catalog", "?after=0", token).await;
        assert_eq!(answered, status, "{token:?}: {text}");
        assert!(!text.contains("IRIS-TV55"));
    }
    assert_eq!(platform.get("/feed").await.status, 404, "the doors have none");
    // The stamper of a service that has just started may still be on its way
    let (status, text) = get("catalog", "?after=0&limit=3&wait=20", Some(&*service)).await;
    assert_eq!(status, 200, "{text}");
    let events: Vec<Event> = serde_json::from_str(&text).unwrap();
    assert_eq!(events.len(), 3);
    let (_, text) = get("catalog", &format!("?after={}", events[1].pos), Some(&*service)).await;
    assert_eq!(serde_json::from_str::<Vec<Event>>(&text).unwrap()[0].pos, events[2].pos);

    // A long poll over HTTP
    let head = stand.count("SELECT max(pos) AS n FROM catalog.event").await;
    let started = Instant::now();
    let query = format!("?after={head}&wait=25");
    let (made, (status, text)) =
        futures_util::join!(platform.create("product.brand", json!({"name": "Waking"})), get("catalog", &query, Some(&*service)));
    assert_eq!(status, 200, "{text}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let events: Vec<Event> = serde_json::from_str(&text).unwrap();
    assert_eq!((events.len(), events[0].record_id), (1, id(&made)));
    // The process of this name reads beside this test, and may note where it stood a moment ago
    let noted = "SELECT pos AS n FROM catalog.feed_reader WHERE name = 'sync'";
    until("what was read is noted", async || stand.count(noted).await >= head).await;
    assert_eq!(
        stand.count("SELECT count(*) AS n FROM catalog.feed_reader WHERE name <> 'sync'").await,
        0,
        "nothing is noted of who may not read"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_read_all_of_a_restored_feed_waits_for_the_next_event_and_does_not_ask_without_pause() {
    let stand = Stand::new().await;
    let ekiclik = stand.login("ekiclik").await;
    stand.at_rest().await;
    let feed = &stand.hub.as_ref().unwrap().catalog.feed;
    let last = stand.count("SELECT max(pos) AS n FROM catalog.event").await;
    Stand::execute(&mut stand.sql().await, "UPDATE catalog.feed SET cluster = 'another'").await;
    feed.stamp_once().await.unwrap();
    assert!(feed.position() > last + 1_000_000, "the positions are raised");
    let (events, made) =
        tokio::join!(feed.read_or_wait(last, 10, Duration::from_secs(30)), ekiclik.create("product.brand", json!({"name": "Awaited"})));
    assert_eq!(made.status, 200, "{}", made.text);
    assert!(events.unwrap().contains(&format!(r#""record_id":{},"#, id(&made))));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_thrown_away_after_a_week_and_only_when_every_reader_has_read_them() {
    let stand = Stand::new().await;
    let feed = catalog(&stand);
    let head = feed.stamp_once().await.unwrap();
    let mut conn = stand.sql().await;
    let age = |days: i32| {
        format!(
            "SET search_path TO catalog, public; DO $$ DECLARE day date := (now() AT TIME ZONE 'UTC')::date - {days}; BEGIN \
         EXECUTE format('CREATE TABLE event_%s PARTITION OF event FOR VALUES FROM (%L) TO (%L)', to_char(day, 'YYYYMMDD'), day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC'); \
         EXECUTE format('ALTER TABLE event_%s OWNER TO catalog', to_char(day, 'YYYYMMDD')); \
         INSERT INTO event (at, model, record_id, version, kind, origin, actor, payload) VALUES (day::timestamp AT TIME ZONE 'UTC', 'old.{days}', 1, 1, 'created', 'odoo', 1, '{{}}'); END $$"
        )
    };
    conn.batch_execute(&age(20)).await.unwrap();
    conn.batch_execute(&age(3)).await.unwrap();
    let there = async |days: i32| stand.count(&format!("SELECT count(*) AS n FROM catalog.event WHERE model = 'old.{days}'")).await;
    let head_now = feed.stamp_once().await.unwrap();
    assert!(head_now >= head);
    feed.note_reader("quick", head_now).await.unwrap();
    feed.note_reader("slow", head).await.unwrap();
    feed.keep_partitions().await.unwrap();
    assert_eq!((there(20).await, there(3).await), (1, 1), "one has not read it");
    feed.note_reader("slow", head_now).await.unwrap();
    // The hub's own followers are readers too
    until("everybody has read it", async || {
        feed.keep_partitions().await.unwrap();
        there(20).await == 0
    })
    .await;
    assert_eq!(there(3).await, 1, "a week has not passed");
}

// ---- restores

/// A brand through a hub that has no background work and no doors: its event waits for a stamper.
async fn make(hub: &Hub, name: &str) -> i64 {
    let token = hub.keys["gateway"].user_token("catalog", &Identity::system()).unwrap();
    parse_reply(hub.router.call(Call::new("product.brand", "create", token).with("data", &json!({"name": name}))).await.unwrap())
        .await
        .unwrap()
}

async fn program(name: &str, arguments: &[&str]) -> String {
    let programs: PathBuf = tokio::task::spawn_blocking(local_postgres::locate).await.unwrap().unwrap();
    let done = tokio::process::Command::new(programs.join(name)).args(arguments).output().await.unwrap();
    assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
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
        "CREATE ROLE catalog LOGIN; CREATE ROLE partners LOGIN; CREATE ROLE crm LOGIN; CREATE ROLE stock LOGIN; CREATE ROLE sync LOGIN",
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

// ---- a process that is killed

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

// ---- migrations

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_migrate_an_empty_database_at_once_all_succeed() {
    let url = empty_database().await;
    let replicas = join_all((0..6).map(|_| {
        let url = url.clone();
        tokio::spawn(async move {
            let hub = unserved(&operator::provision::roles(&url).await?);
            hub.migrate().await?;
            // And once more, as at each start
            hub.migrate().await
        })
    }))
    .await;
    for replica in replicas {
        replica.unwrap().unwrap();
    }
    let stand = Stand::on(&url, &[]).await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.res_country").await, 250);
    assert!(hub::demo::make(&stand.hub.as_ref().unwrap().router, &stand.hub.as_ref().unwrap().keys["gateway"]).await.unwrap());
    assert!(!stand.login("ekiclik").await.rows("product.product", &[]).await.is_empty());
}

/// Folders of migrations in the order in which they run.
fn migrations(service: &str) -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("migrations");
    let mut folders: Vec<PathBuf> =
        ["common", service].iter().flat_map(|set| std::fs::read_dir(root.join(set)).unwrap()).map(|entry| entry.unwrap().path()).collect();
    folders.sort_by_key(|folder| folder.file_name().unwrap().to_owned());
    folders
}

/// The schema as text, without the partitions of the days and what a dump makes up.
async fn schema(url: &str, name: &str) -> String {
    let text = program(
        "pg_dump",
        &[
            "--schema-only",
            "-n",
            name,
            "--exclude-table",
            &format!("{name}.event_2*"),
            "--exclude-table",
            &format!("{name}.__diesel*"),
            url,
        ],
    )
    .await;
    let lines = text.lines().filter(|line| !line.starts_with('\\') && !line.starts_with("--") && !line.is_empty());
    // The net is made after the migrations, from the declarations
    let lines = lines.filter(|line| !line.contains("TRIGGER _net_"));
    // A column that is made anew stands last: that is no difference
    let mut lines: Vec<_> = lines.map(|line| line.trim_end_matches(',')).collect();
    lines.sort_unstable();
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_migration_can_be_taken_back_and_done_again() {
    let url = empty_database().await;
    let urls = operator::provision::roles(&url).await.unwrap();
    unserved(&urls).migrate().await.unwrap();
    for service in hub::OWNERS {
        let mut conn = AsyncPgConnection::establish(&urls[service]).await.unwrap();
        conn.batch_execute(&format!("SET search_path TO {service}, public")).await.unwrap();
        let whole = schema(&url, service).await;
        assert!(whole.contains("CREATE TABLE"));
        let folders = migrations(service);
        let mut run = async |folder: &PathBuf, file: &str| {
            let sql = std::fs::read_to_string(folder.join(file)).unwrap();
            conn.batch_execute(&format!("BEGIN; {sql}; COMMIT"))
                .await
                .unwrap_or_else(|error| panic!("{}/{file}: {error}", folder.display()));
        };
        // Each alone, from the newest: back, again, back
        let mut states = Vec::new();
        for folder in folders.iter().rev() {
            states.push(schema(&url, service).await);
            run(folder, "down.sql").await;
            run(folder, "up.sql").await;
            assert_eq!(&schema(&url, service).await, states.last().unwrap(), "{}", folder.display());
            run(folder, "down.sql").await;
        }
        let left = schema(&url, service).await;
        for made in ["CREATE TABLE", "CREATE FUNCTION", "CREATE SEQUENCE", "CREATE TYPE"] {
            assert!(!left.contains(made), "{service} keeps: {left}");
        }
        for folder in &folders {
            run(folder, "up.sql").await;
        }
        assert_eq!(schema(&url, service).await, whole);
    }
    // And what came of it serves
    unserved(&urls).migrate().await.unwrap();
    let stand = Stand::on(&url, &[]).await;
    let hub = stand.hub.as_ref().unwrap();
    assert!(hub::demo::make(&hub.router, &hub.keys["gateway"]).await.unwrap());
}
