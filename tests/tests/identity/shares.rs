//! One user is not everybody's wait: a share each of connections, streams, long answers, log-ins and printed documents.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};
use system_tests::{Answer, Session, Stand, id, refused, until, until_within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SMALL: &[(&str, &str)] = &[("DATABASE_CONNECTIONS", "8")];

fn later(answer: &Answer) -> bool {
    matches!(answer.status, 409 | 429 | 503) && answer.headers.contains_key("retry-after")
}

/// Does something while a user's requests are under way, as many as are given; answers what came of them.
async fn meanwhile<F: Future<Output = Answer>>(requests: impl IntoIterator<Item = F>, work: impl Future<Output = ()>) -> Vec<Answer> {
    let mut requests: FuturesUnordered<F> = requests.into_iter().collect();
    let mut answers = Vec::new();
    let mut work = Box::pin(work.fuse());
    loop {
        tokio::select! {
            () = &mut work => break,
            Some(answer) = requests.next() => answers.push(answer),
        }
    }
    answers.extend(requests.collect::<Vec<_>>().await);
    answers
}

/// How many of the test's database connections wait for a lock.
async fn waiting(stand: &Stand) -> i64 {
    stand.count("SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").await
}

fn a_lead(n: usize) -> Value {
    json!({"order_source": "Alsalam", "cart_id": 500 + n, "partner": {"email": format!("lead{n}@example.dz"), "salary": 90_000},
        "cart": [{"manufacturer_ref": "IRIS-TV55-N", "quantity": 1, "product_warehouse_id": "PDVA-E-BOJ-BOJ-05-001"}],
        "quotation_address": {"ek_order_id": 50_000 + n}})
}

#[tokio::test(flavor = "multi_thread")]
async fn others_search_and_log_in_while_one_user_has_all_the_connections_it_may() {
    for stand in [Stand::with(SMALL).await, Stand::processes_with(SMALL).await] {
        let (ekiclik, bna) = (stand.login("ekiclik").await, stand.login("bna").await);
        let mut holder = stand.sql().await;
        Stand::execute(&mut holder, "BEGIN; LOCK TABLE partners.res_partner").await;
        let slow = (0..14).map(|n| asks_for_clients(&ekiclik, n).boxed_local());
        let answers = meanwhile(slow, async {
            until("some wait for the table", async || waiting(&stand).await >= 4).await;
            for _ in 0..5 {
                assert_eq!(bna.list("res.country", &[("query", "{code}")]).await.status, 200);
                assert_eq!(stand.login("alsalam").await.list("res.country", &[("query", "{code}")]).await.status, 200);
            }
            assert_eq!(stand.send("GET", "/health/ready", &[], "").await.status, 200);
            Stand::execute(&mut holder, "ROLLBACK").await;
        });
        let answers = answers.await;
        assert!(answers.iter().any(|answer| answer.status == 200));
        assert!(answers.iter().all(|answer| answer.status == 200 || later(answer)), "{answers:?}");
    }
}

async fn asks_for_clients(ekiclik: &Session<'_>, n: usize) -> Answer {
    match n % 2 {
        0 => ekiclik.list("res.partner", &[("query", "{name}")]).await,
        _ => ekiclik.write("res.partner", json!([["email", "=", "nadia.ziani@example.dz"]]), json!({"city": format!("City {n}")})).await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_asks_of_another_for_a_user_is_that_users_share_there() {
    for stand in [Stand::with(SMALL).await, Stand::processes_with(SMALL).await] {
        let (ekiclik, bna) = (stand.login("ekiclik").await, stand.login("bna").await);
        // What a lead asks of catalog waits; catalog has others to answer
        let mut holder = stand.sql().await;
        Stand::execute(&mut holder, "BEGIN; LOCK TABLE catalog.product_template").await;
        let leads = (0..14).map(|n| ekiclik.create("crm.lead", a_lead(n)).boxed_local());
        let answers = meanwhile(leads, async {
            until("some wait for the table", async || waiting(&stand).await >= 4).await;
            for _ in 0..10 {
                assert_eq!(bna.list("product.brand", &[("query", "{name}")]).await.status, 200);
            }
            Stand::execute(&mut holder, "ROLLBACK").await;
        });
        let answers = answers.await;
        assert!(answers.iter().all(|answer| answer.status == 200 || later(answer)), "{answers:?}");
    }
}

/// How a stream's answer begins; it is left at once.
async fn begins(stand: &Stand, session: &Session<'_>) -> String {
    let mut socket = TcpStream::connect(stand.address.trim_start_matches("http://")).await.unwrap();
    let request = format!("GET /events HTTP/1.1\r\nhost: hub\r\nx-openerp-session-id: {}\r\n\r\n", session.id);
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    socket.read_exact(&mut start).await.unwrap();
    String::from_utf8_lossy(&start).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_follows_ten_streams_and_leaves_the_others_theirs() {
    let stand = Stand::new().await;
    let (bna, alsalam) = (stand.login("bna").await, stand.login("alsalam").await);
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(stand.follow(&bna, "/events").await);
    }
    let eleventh = bna.get("/events").await;
    refused(&eleventh, 429, &["10 streams of events", "one user's share"]);
    assert!(later(&eleventh));
    // Another session of the same user is no other user
    refused(&stand.login("bna").await.get("/events").await, 429, &["streams of events"]);
    drop(stand.follow(&alsalam, "/events").await);
    drop(streams);
    // A stream that nobody reads is noticed with the next comment
    until_within(Duration::from_secs(40), "there is room again", async || begins(&stand, &bna).await == "HTTP/1.1 200").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_slow_exports_leave_others_room_for_theirs() {
    let stand = Stand::with(SMALL).await;
    let (ekiclik, bna) = (stand.login("ekiclik").await, stand.login("bna").await);
    let many = "INSERT INTO catalog.product_brand (name) SELECT 'Brand ' || n || repeat('x', 200) FROM generate_series(1, 60000) n";
    Stand::execute(&mut stand.sql().await, many).await;
    let mut idle = Vec::new();
    for _ in 0..3 {
        let mut socket = TcpStream::connect(stand.address.trim_start_matches("http://")).await.unwrap();
        let request = format!("GET /api/product.brand/ HTTP/1.1\r\nhost: hub\r\nx-openerp-session-id: {}\r\n\r\n", ekiclik.id);
        socket.write_all(request.as_bytes()).await.unwrap();
        idle.push(socket);
    }
    let mine =
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND wait_event = 'ClientWrite'";
    until("one is being read slowly", async || stand.count(mine).await >= 1).await;
    let own = ekiclik.list("product.brand", &[("query", "{id}")]).await;
    refused(&own, 429, &["long answers", "one user's share", "by pages"]);
    assert_eq!(bna.list("product.brand", &[("query", "{id}")]).await.json()["count"], 60_003);
    drop(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_gets_in_while_one_user_logs_in_a_hundred_times_at_once() {
    let stand = Stand::new().await;
    let log_in = |login: &'static str| {
        let body = json!({"params": {"login": login, "password": login}}).to_string();
        let stand = &stand;
        async move { stand.send("POST", "/auth", &[("content-type", "application/json")], body).await }
    };
    for known in [false, true] {
        let crowd = (0..100).map(|_| log_in("bna").boxed_local());
        let answers = meanwhile(crowd, async {
            for _ in 0..3 {
                let admin = log_in("admin").await;
                assert_eq!(admin.status, 200, "known: {known}; {}", admin.text);
            }
        });
        let answers = answers.await;
        assert!(answers.iter().any(|answer| answer.status == 200));
        assert!(answers.iter().all(|answer| answer.status == 200 || later(answer)), "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn papers_are_drawn_two_at_a_time_even_when_their_callers_have_left() {
    let stand = Stand::new().await;
    let crm = stand.hub.as_ref().unwrap().crm.clone();
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (open, gate) = tokio::sync::watch::channel(false);
    let draw = |gate: tokio::sync::watch::Receiver<bool>| {
        let (running, most) = (running.clone(), most.clone());
        move || {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            while !*gate.borrow() {
                std::thread::yield_now();
            }
            running.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, String>(Vec::new())
        }
    };
    // Two that leave while they are drawn for
    for _ in 0..2 {
        let before = running.load(Ordering::SeqCst);
        let left = crm.drawn(draw(gate.clone()));
        tokio::select! {
            _ = left => panic!("it can't be ready"),
            () = until("it is drawn", async || running.load(Ordering::SeqCst) > before) => {}
        }
    }
    let others = join_all((0..8).map(|_| crm.drawn(draw(gate.clone()))));
    let (others, ()) = tokio::join!(others, async {
        open.send_replace(true);
    });
    assert!(others.iter().all(Result::is_ok));
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_papers_wait_for_one_another_and_for_nobody_elses() {
    let stand = Stand::new().await;
    let (ekiclik, admin) = (stand.login("ekiclik").await, stand.login("admin").await);
    id(&ekiclik.create("crm.lead", a_lead(0)).await);
    let order = stand.count("SELECT max(id) AS n FROM crm.sale_order").await;
    let path = format!("/report/pdf/sale.report_saleorder/{order}");
    assert_eq!(ekiclik.get(&path).await.status, 200);
    // Until nobody else reads the table
    stand.all_told(Duration::from_secs(30)).await;
    let heard =
        "SELECT count(*) AS n FROM crm.event e WHERE e.pos IS NULL OR e.pos > (SELECT pos FROM stock.feed_cursor WHERE feed = 'crm')";
    until("stock has heard of the order", async || stand.count(heard).await == 0).await;
    // Its first paper waits for the table; the others wait for the first
    let mut holder = stand.sql().await;
    Stand::execute(&mut holder, "BEGIN; LOCK TABLE crm.sale_order_line").await;
    let answers = meanwhile((0..8).map(|_| ekiclik.get(&path).boxed_local()), async {
        until("one waits for the table", async || waiting(&stand).await >= 1).await;
        let other = async { assert_eq!(admin.get(&path).await.status, 200) };
        let opened = async {
            until("another user's waits beside it", async || waiting(&stand).await >= 2).await;
            assert_eq!(waiting(&stand).await, 2, "one of each user");
            Stand::execute(&mut holder, "ROLLBACK").await;
        };
        tokio::join!(other, opened);
    });
    assert!(answers.await.iter().all(|answer| answer.status == 200 || later(answer)));
    // And one file has an end
    let more = format!(
        "INSERT INTO crm.sale_order_line SELECT (jsonb_populate_record(l, jsonb_build_object('id', 1000000 + n, 'sequence', n, 'name', repeat('x', 400)))).* \
         FROM crm.sale_order_line l, generate_series(1, 9000) n WHERE l.order_id = {order}"
    );
    Stand::execute(&mut stand.sql().await, &more).await;
    refused(&ekiclik.get(&path).await, 422, &["too many lines for one file", "fewer of them"]);
}
