//! What an operator relies on: traces, health, logs that tell nothing personal, and bounds that hold.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use system_tests::platform::{Platform, SECRET};
use system_tests::traces::Collector;
use system_tests::{Stand, refused, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A trace that a client has begun, and its `traceparent`.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test(flavor = "multi_thread")]
async fn one_request_is_one_trace_from_the_door_to_sql() {
    let collector = Collector::start().await;
    let stand = Stand::processes_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.address)]).await;
    let platform = stand.login("ekiclik").await;
    let body = json!({"params": {"data": {"name": "Traced", "email": "traced@example.dz"}}}).to_string();
    assert_eq!(platform.send("POST", "/api/res.partner/", &[("traceparent", PARENT)], &body).await.status, 200);
    // The processes send what they have when they stop
    stand.children.unwrap().stop().await;
    let spans = collector.spans(TRACE);
    for name in ["POST /api/{model}", "res.partner create", "TRANSACTION"] {
        assert!(spans.iter().any(|span| span.name.contains(name)), "no span {name} in {spans:#?}");
    }
    assert!(collector.has("service.name") && !collector.has("traced@example.dz"), "personal data in a trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_one_trace_from_the_door_through_every_service_to_the_banks_platform() {
    let (collector, bank) = (Collector::start().await, Platform::new().await);
    let stand = Stand::processes_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.address)]).await;
    {
        let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
        let named = admin.create("ek.platform", json!({"name": "Alsalam", "base_url": bank.url, "secret": SECRET})).await;
        assert_eq!(named.status, 200, "{}", named.text);
        let lead = json!({"order_source": "Alsalam", "cart_id": 9001, "partner": {"email": "yasmine.cherif@example.dz", "salary": 90000},
            "cart": [{"manufacturer_ref": "ATLAS-CAN3-BL", "quantity": 3, "product_warehouse_id": "PDVA-E-BOJ-BOJ-05-001"}],
            "quotation_address": {"ek_order_id": 9001}});
        let body = json!({"params": {"data": lead}}).to_string();
        let made = ekiclik.send("POST", "/api/crm.lead/", &[("traceparent", PARENT)], &body).await;
        assert_eq!(made.status, 200, "{}", made.text);
    }
    // Its goods are not there: stock tells crm, crm tells sync, sync tells the bank
    let told = bank.hears("the order", |call| call.line == "PUT /api/odoo/order/9001").await;
    stand.children.unwrap().stop().await;
    let spans = collector.spans(TRACE);
    let services: BTreeSet<&str> = spans.iter().map(|span| span.service.as_str()).collect();
    assert_eq!(services, BTreeSet::from(["gateway", "catalog", "partners", "crm", "stock", "sync"]), "{spans:#?}");
    // What the platform got names the span of the call, and from there it goes up to the request
    let [_, trace, last, _] = told.header("traceparent").split('-').collect::<Vec<_>>()[..] else { panic!("{told:?}") };
    assert_eq!(trace, TRACE);
    let push = spans.iter().find(|span| span.id == last).expect("the span of the call");
    assert_eq!((push.service.as_str(), push.name.as_str()), ("sync", "PUT order"));
    for span in &spans {
        let (mut at, mut steps) = (span, 0);
        while at.parent != "00f067aa0ba902b7" {
            at = spans.iter().find(|span| span.id == at.parent).unwrap_or_else(|| panic!("{at:?} has no parent: {spans:#?}"));
            steps += 1;
            assert!(steps < 50, "a circle at {at:?}");
        }
    }
    assert!(!collector.has("90000") && !collector.has("yasmine"), "personal data in a trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_goes_on_in_the_event_that_a_change_causes() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let body = json!({"params": {"data": {"name": "Traced", "email": "traced@example.dz"}}}).to_string();
    platform.send("POST", "/api/res.partner/", &[("traceparent", parent)], &body).await.result();
    assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM partners.event WHERE traceparent = '{parent}'")).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_follows_the_database_and_live_does_not() {
    let stand = Stand::new().await;
    let status = async |path| stand.send("GET", path, &[], "").await.status;
    assert_eq!(status("/health/live").await, 200);
    until("it is ready", async || status("/health/ready").await == 200).await;
    let name = stand.database_url.rsplit_once('/').unwrap().1.to_owned();
    let mut admin = Stand::admin().await;
    Stand::execute(&mut admin, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
    Stand::execute(&mut admin, &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")).await;
    until("it is not ready", async || status("/health/ready").await == 503).await;
    assert_eq!(status("/health/live").await, 200);
    let away = stand.send("POST", "/auth", &[("content-type", "application/json")], r#"{"params":{"login":"bna","password":"bna"}}"#).await;
    assert_eq!((away.status, away.headers.contains_key("retry-after")), (503, true), "{}", away.text);
    Stand::execute(&mut admin, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
    until("it is ready again", async || status("/health/ready").await == 200).await;
    stand.login("bna").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn backends_that_are_killed_cost_no_read() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let name = stand.database_url.rsplit_once('/').unwrap().1.to_owned();
    let mut admin = Stand::admin().await;
    for _ in 0..5 {
        assert_eq!(platform.get("/api/product.template/1").await.status, 200);
        assert_eq!(platform.list("product.product", &[("query", "{id}")]).await.status, 200);
        Stand::execute(&mut admin, &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")).await;
    }
    assert_eq!(platform.get("/api/product.template/1").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_full_share_is_told_fast_and_recovers() {
    let stand = Stand::with(&[("DATABASE_CONNECTIONS", "8")]).await;
    let platform = stand.login("ekiclik").await;
    let mut holder = stand.sql().await;
    Stand::execute(&mut holder, "BEGIN; UPDATE partners.res_partner SET name = name").await;
    let client = json!({"params": {"filter": [["email", "=", "nadia.ziani@example.dz"]], "data": {"city": "Oran"}}}).to_string();
    let mut writes: FuturesUnordered<_> = (0..40).map(|_| platform.send("PUT", "/api/res.partner/", &[], &client)).collect();
    // Some hold the user's connections and wait for the row; of the others the first is refused while it is still locked
    let first = writes.next().await.unwrap();
    Stand::execute(&mut holder, "ROLLBACK").await;
    let mut answers: Vec<_> = writes.collect().await;
    refused(&first, 429, &["database connections", "one user's share"]);
    answers.push(first);
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert!(
        count(200) >= 1 && count(429) >= 1 && count(200) + count(429) == 40,
        "{:?}",
        answers.iter().map(|a| a.status).collect::<Vec<_>>()
    );
    assert!(answers.iter().filter(|answer| answer.status == 429).all(|answer| answer.headers.contains_key("retry-after")));
    assert_eq!(platform.send("PUT", "/api/res.partner/", &[], &client).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_have_bounds_of_size() {
    let stand = Stand::with(&[("MAX_BODY", "20000")]).await;
    let platform = stand.login("ekiclik").await;
    let large = json!({"params": {"data": {"name": "x".repeat(30_000), "email": "x@y"}}}).to_string();
    let answer = platform.send("POST", "/api/res.partner/", &[], &large).await;
    assert_eq!((answer.status, answer.error_name().as_str()), (413, "werkzeug.exceptions.HTTPException"));
    // A length that is a lie is found out as the bytes come
    let mut socket = TcpStream::connect(stand.address.trim_start_matches("http://")).await.unwrap();
    let head = "POST /auth HTTP/1.1\r\nhost: hub\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("{:x}\r\n{}\r\n", 10_000, "y".repeat(10_000));
    for _ in 0..3 {
        socket.write_all(chunk.as_bytes()).await.unwrap();
    }
    let mut answer = vec![0; 64];
    let n = tokio::time::timeout(Duration::from_secs(5), socket.read(&mut answer)).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&answer[..n]).starts_with("HTTP/1.1 413"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_the_request_in_flight() {
    let mut stand = Stand::processes().await;
    let id = stand.login("ekiclik").await.id;
    let mut holder = stand.sql().await;
    Stand::execute(&mut holder, "BEGIN; SELECT 1 FROM partners.res_partner FOR UPDATE").await;
    let children = stand.children.take().unwrap();
    let body = json!({"params": {"filter": [["email", "=", "nadia.ziani@example.dz"]], "data": {"city": "Oran"}}}).to_string();
    let headers = [("x-openerp-session-id", id.as_str()), ("content-type", "application/json")];
    let (answer, ()) = tokio::join!(stand.send("PUT", "/api/res.partner/", &headers, body), async {
        until("the write waits", async || {
            stand.count("SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").await
                > 0
        })
        .await;
        let stopping = tokio::spawn(children.stop());
        Stand::execute(&mut holder, "ROLLBACK").await;
        stopping.await.unwrap();
    });
    assert_eq!(answer.status, 200, "{}", answer.text);
}
