//! What is written beside a change: its event and its audit; who may read the feed, and how long it is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use domain::Identity;
use events::Event;
use serde_json::{Value, json};
use system_tests::{Stand, id, until};

use crate::{catalog, partners, read, texts, uid};

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
    // No session outlives a restore: each looks once at whose feed it is
    let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'echange-catalog'";
    Stand::execute(&mut stand.sql().await, "UPDATE catalog.feed SET cluster = 'another'").await;
    Stand::execute(&mut stand.sql().await, ended).await;
    until("the positions are raised", async || feed.stamp_once().await.is_ok() && feed.position() > last + 1_000_000).await;
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
