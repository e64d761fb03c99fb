//! What goes wrong beneath the hub: processes that die at a named point, databases that go silent, full or away, connections that
//! lie. docs/faults.md tells which line of the list each is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hub::children::signal;
use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::stock::{ALGER, CANAPE};
use system_tests::wire::{Fate, Wire};
use system_tests::{Answer, Session, Stand, fresh_database, id, refused, until, until_within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn client(email: &str) -> Value {
    json!({"name": "Client", "email": email, "phone": "0555000000"})
}

fn lead(order: i64) -> Value {
    json!({"order_source": "BNA", "cart_id": order, "partner": {"email": "mourad.belkacem@example.dz"}, "quotation_address": {"ek_order_id": order},
        "cart": [{"manufacturer_ref": CANAPE, "quantity": 1, "product_warehouse_id": ALGER}]})
}

async fn with_key(session: &Session<'_>, model: &str, key: &str, data: Value) -> Answer {
    session.send("POST", &format!("/api/{model}/"), &[("idempotency-key", key)], &json!({"params": {"data": data}}).to_string()).await
}

/// Refused for now, and told when to come again.
fn later(answer: &Answer) {
    assert!(matches!(answer.status, 429 | 503) && answer.headers.contains_key("retry-after"), "{} {}", answer.status, answer.text);
}

/// Every service's URL through a wire.
async fn through_a_wire(
    url: &str,
    judge: impl Fn(&[u8]) -> Fate + Send + Sync + 'static,
) -> (Wire, std::collections::HashMap<&'static str, String>) {
    let mut urls = operator::provision::urls(url).unwrap();
    let host = urls["catalog"].rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned();
    let wire = Wire::judged(&[&host], judge).await;
    urls.values_mut().for_each(|url| *url = url.replace(&host, &format!("127.0.0.1:{}", wire.port)));
    (wire, urls)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_commit_nothing_is_there_and_killed_after_it_the_answer_is_kept() {
    // Where the statement waits, and whether what it did is there in the end
    for (point, commits) in [
        ("BEFORE INSERT ON partners.res_partner FOR EACH ROW", false),
        ("AFTER INSERT ON partners.idempotency DEFERRABLE INITIALLY DEFERRED FOR EACH ROW", true),
    ] {
        let mut stand = Stand::processes().await;
        let mut sql = stand.sql().await;
        let (kind, row) = if commits { ("CONSTRAINT TRIGGER", "NULL") } else { ("TRIGGER", "NEW") };
        Stand::execute(&mut sql, &format!(
            "CREATE FUNCTION partners.waits() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(4242); RETURN {row}; END'; \
             CREATE {kind} waits {point} EXECUTE FUNCTION partners.waits(); SELECT pg_advisory_lock(4242)"
        )).await;
        let id_of = |stand: &Stand| stand.children.as_ref().unwrap().id("partners").unwrap();
        {
            let (ekiclik, partners) = (stand.login("ekiclik").await, id_of(&stand));
            let (answer, ()) = tokio::join!(with_key(&ekiclik, "res.partner", "key-1", client("killed@example.dz")), async {
                let waiting = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND objid = 4242 AND NOT granted";
                until("it waits", async || stand.count(waiting).await == 1).await;
                signal(partners, Signal::KILL).unwrap();
            });
            assert_eq!(answer.status, 503, "{}", answer.text);
        }
        Stand::execute(&mut sql, "SELECT pg_advisory_unlock(4242)").await;
        let there = "SELECT count(*) AS n FROM partners.res_partner WHERE email = 'killed@example.dz'";
        let gone =
            "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'echange-partners'";
        until("the dead process's connections are gone", async || stand.count(gone).await == 0).await;
        assert_eq!(stand.count(there).await, i64::from(commits), "{point}");
        stand.children.as_mut().unwrap().again(&["partners"]).await.unwrap();
        let ekiclik = stand.login("ekiclik").await;
        let again = with_key(&ekiclik, "res.partner", "key-1", client("killed@example.dz")).await;
        id(&again);
        assert_eq!(again.headers.contains_key("idempotency-replayed"), commits, "{point}");
        assert_eq!(stand.count(there).await, 1, "{point}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_told_as_unknown_and_sent_again_it_has_one_effect() {
    let url = fresh_database().await;
    let armed = Arc::new(AtomicBool::new(false));
    let trigger = armed.clone();
    let (_wire, urls) = through_a_wire(&url, move |bytes| {
        let is_commit = bytes.windows(7).any(|window| window == b"COMMIT\0");
        if is_commit && trigger.swap(false, Ordering::SeqCst) { Fate::PassThenCut } else { Fate::Pass }
    })
    .await;
    let stand = Stand::at(&url, &urls, &[]).await;
    let ekiclik = stand.login("ekiclik").await;
    let count = async |table: &str| stand.count(&format!("SELECT count(*) AS n FROM {table}")).await;
    for (model, table, data) in
        [("res.partner", "partners.res_partner", client("lost@example.dz")), ("crm.lead", "crm.crm_lead", lead(77_001))]
    {
        let before = count(table).await;
        armed.store(true, Ordering::SeqCst);
        let mut tries = Vec::new();
        // What other commit is on its way may meet it first
        for _ in 0..20 {
            let answer = with_key(&ekiclik, model, &format!("lost-{model}"), data.clone()).await;
            tries.push(answer.status);
            if answer.status == 200 {
                break;
            }
            later(&answer);
        }
        assert_eq!((tries.last(), count(table).await), (Some(&200), before + 1), "{model}: {tries:?}");
    }
    // Without a key it is told by its natural key
    let mut statuses = Vec::new();
    for n in 0..20 {
        armed.store(true, Ordering::SeqCst);
        let first = ekiclik.create("res.partner", client(&format!("lost-{n}@example.dz"))).await;
        armed.store(false, Ordering::SeqCst);
        statuses.push(first.status);
        until("it is taken", async || ekiclik.create("res.partner", client(&format!("lost-{n}@example.dz"))).await.status == 200).await;
    }
    assert!(statuses.contains(&503), "no commit was met: {statuses:?}");
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.res_partner WHERE email LIKE 'lost-%@example.dz'").await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_met_another_is_tried_five_times_and_then_told() {
    let stand = Stand::new().await;
    let (ekiclik, mut sql) = (stand.login("ekiclik").await, stand.sql().await);
    for (state, message) in [("40001", "could not serialize access"), ("40P01", "deadlock detected")] {
        for (fails, status, tries) in [(2, 200, 3), (1_000, 409, 5)] {
            Stand::execute(&mut sql, &format!(
                "DROP SEQUENCE IF EXISTS partners.tries CASCADE; CREATE SEQUENCE partners.tries; GRANT USAGE ON SEQUENCE partners.tries TO partners; \
                 CREATE OR REPLACE FUNCTION partners.meets() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('partners.tries') <= {fails} THEN \
                 RAISE EXCEPTION '{message}' USING ERRCODE = '{state}'; END IF; RETURN NEW; END $$; \
                 DROP TRIGGER IF EXISTS meets ON partners.res_partner; \
                 CREATE TRIGGER meets BEFORE INSERT ON partners.res_partner FOR EACH ROW EXECUTE FUNCTION partners.meets()"
            )).await;
            let email = format!("met-{state}-{fails}@example.dz").to_lowercase();
            let answer = ekiclik.create("res.partner", client(&email)).await;
            assert_eq!(answer.status, status, "{}", answer.text);
            assert_eq!(answer.headers.contains_key("retry-after"), status == 409);
            assert_eq!(stand.count("SELECT last_value AS n FROM partners.tries").await, tries, "{state}");
            let there = format!("SELECT count(*) AS n FROM partners.res_partner WHERE email = '{email}'");
            assert_eq!(stand.count(&there).await, i64::from(status == 200));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_silent_or_cut_off_is_given_up_in_bounded_time_and_costs_nothing_afterwards() {
    let url = fresh_database().await;
    let (wire, urls) = through_a_wire(&url, |_| Fate::Pass).await;
    let stand = Stand::at(&url, &urls, &[("STATEMENT_TIMEOUT_MS", "1000"), ("DATABASE_CONNECTIONS", "5")]).await;
    let ekiclik = stand.login("ekiclik").await;
    let asked = async || {
        let started = Instant::now();
        let answers = [
            ekiclik.get("/api/product.brand/1").await,
            ekiclik.list("product.brand", &[]).await,
            ekiclik.write("product.brand", json!([["id", "=", 1]]), json!({"reference": format!("{started:?}")})).await,
            stand.send("POST", "/auth", &[("content-type", "application/json")], r#"{"params":{"login":"bna","password":"bna"}}"#).await,
            stand.send("GET", "/health/ready", &[], "").await,
        ];
        (answers.map(|answer| answer.status), started.elapsed())
    };
    assert_eq!(asked().await.0, [200; 5]);
    wire.silence(true);
    let (statuses, took) = asked().await;
    assert_eq!(statuses, [503; 5]);
    assert!(took < Duration::from_secs(60), "{took:?}");
    wire.silence(false);
    until_within(Duration::from_secs(30), "it is there again", async || asked().await.0 == [200; 5]).await;
    for _ in 0..3 {
        wire.cut();
        let (statuses, _) = asked().await;
        assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
    }
    // Nowhere at all: it refuses
    wire.lead_to(&[]);
    wire.cut();
    assert_eq!(asked().await.0, [503; 5]);
    wire.lead_to(&[url.rsplit_once('@').unwrap().1.split('/').next().unwrap()]);
    until_within(Duration::from_secs(30), "it is there again", async || asked().await.0 == [200; 5]).await;
    // No connection is held by what had failed
    let all =
        join_all((0..5).map(|n| ekiclik.write("product.brand", json!([["id", "=", 1]]), json!({"reference": format!("R{n}")})))).await;
    assert!(all.iter().all(|answer| answer.status == 200), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stands_still_is_given_up_and_the_others_go_on() {
    let stand = Stand::processes().await;
    let ekiclik = stand.login("ekiclik").await;
    let catalog = stand.children.as_ref().unwrap().id("catalog").unwrap();
    signal(catalog, Signal::STOP).unwrap();
    let (slow, ()) = tokio::join!(ekiclik.get("/api/product.brand/1"), async {
        for _ in 0..20 {
            assert_eq!(ekiclik.list("res.partner", &[("limit", "1")]).await.status, 200);
        }
    });
    signal(catalog, Signal::CONT).unwrap();
    later(&slow);
    assert_eq!(ekiclik.get("/api/product.brand/1").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_of_two_before_five_hundred_clients_refuses_fast_is_not_ready_and_recovers() {
    let stand = Stand::with(&[("DATABASE_CONNECTIONS", "2"), ("DATABASE_WAIT_MS", "500")]).await;
    until("it is ready", async || stand.send("GET", "/health/ready", &[], "").await.status == 200).await;
    let mut session = None;
    until("somebody logs in", async || {
        let answer = stand
            .send("POST", "/auth", &[("content-type", "application/json")], r#"{"params":{"login":"ekiclik","password":"ekiclik"}}"#)
            .await;
        answer.status == 200
    })
    .await;
    let ekiclik = session.insert(stand.login("ekiclik").await);
    // One user has a share alone; of three the third finds nothing left
    let (admin, bna) = (stand.login("admin").await, stand.login("bna").await);
    let mut sql = stand.sql().await;
    Stand::execute(&mut sql, "BEGIN; LOCK TABLE catalog.product_brand").await;
    let refused_so_far = AtomicUsize::new(0);
    let change = |n: usize| {
        let (ekiclik, admin, bna, refused_so_far) = (&*ekiclik, &admin, &bna, &refused_so_far);
        async move {
            let started = Instant::now();
            let reference = json!({"reference": format!("R{n}")});
            let answer = match n % 3 {
                0 => ekiclik.write("product.brand", json!([["id", "=", 1]]), reference).await,
                1 => admin.write("product.brand", json!([["id", "=", 1]]), reference).await,
                _ => bna.list("product.brand", &[]).await,
            };
            refused_so_far.fetch_add(usize::from(answer.status != 200), Ordering::Relaxed);
            (answer, started.elapsed())
        }
    };
    let ready = async || stand.send("GET", "/health/ready", &[], "").await.status;
    let (answers, ()) = tokio::join!(join_all((0..500).map(change)), async {
        until("it is not ready", async || ready().await == 503).await;
        until("a hundred are refused", async || refused_so_far.load(Ordering::Relaxed) >= 100).await;
        Stand::execute(&mut sql, "ROLLBACK").await;
    });
    let refused: Vec<_> = answers.iter().filter(|(answer, _)| answer.status != 200).collect();
    assert!(refused.len() >= 100, "{}", refused.len());
    for (answer, took) in refused {
        assert!(
            matches!(answer.status, 429 | 503) && answer.headers.contains_key("retry-after") && *took < Duration::from_secs(10),
            "{took:?} {}",
            answer.text
        );
    }
    until("it is ready again", async || ready().await == 200).await;
    until("it serves again", async || change(0).await.0.status == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_read_nothing_take_no_connection_from_the_others() {
    let stand = Stand::with(&[("DATABASE_CONNECTIONS", "4")]).await;
    let ekiclik = stand.login("ekiclik").await;
    let many = "INSERT INTO catalog.product_brand (name) SELECT 'Brand ' || n || repeat('x', 200) FROM generate_series(1, 60000) n";
    Stand::execute(&mut stand.sql().await, many).await;
    let address = stand.address.trim_start_matches("http://").to_owned();
    let mut idle = Vec::new();
    for _ in 0..6 {
        let mut socket = TcpStream::connect(&address).await.unwrap();
        let request = format!("GET /api/product.brand/ HTTP/1.1\r\nhost: hub\r\nx-openerp-session-id: {}\r\n\r\n", ekiclik.id);
        socket.write_all(request.as_bytes()).await.unwrap();
        idle.push(socket);
    }
    for n in 0..10 {
        let changed = ekiclik.write("product.brand", json!([["id", "=", 1]]), json!({"reference": format!("R{n}")})).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        assert_eq!(ekiclik.list("product.brand", &[("limit", "5")]).await.status, 200);
    }
    drop(idle);
    // Until their places are free again a long answer is refused for now
    until("who reads gets all of it", async || {
        let all = ekiclik.list("product.brand", &[("query", "{id}")]).await;
        if all.status != 200 {
            later(&all);
        }
        all.status == 200 && all.json()["count"] == 60_003
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_as_such_stores_nothing_and_parks_no_event() {
    let stand = Stand::new().await;
    let (ekiclik, mut sql) = (stand.login("ekiclik").await, stand.sql().await);
    let full = |table: &str| {
        format!(
            "CREATE OR REPLACE FUNCTION public.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION \
             'could not extend file \"base/1/2\": No space left on device' USING ERRCODE = '53100'; END $$; \
             CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION public.full_disk()"
        )
    };
    Stand::execute(&mut sql, &full("catalog.product_brand")).await;
    later(&ekiclik.create("product.brand", json!({"name": "Full"})).await);
    Stand::execute(&mut sql, "DROP TRIGGER full_disk ON catalog.product_brand").await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_brand WHERE name = 'Full'").await, 0);
    id(&ekiclik.create("product.brand", json!({"name": "Full"})).await);
    // A follower waits: the event is not at fault
    Stand::execute(&mut sql, &full("stock.stock_move")).await;
    id(&ekiclik.create("crm.lead", lead(77_002)).await);
    let behind = "SELECT (SELECT max(pos) FROM crm.event) - (SELECT pos FROM stock.feed_cursor WHERE feed = 'crm') AS n";
    until("the lead's events have their positions", async || {
        stand.count("SELECT count(*) AS n FROM crm.event WHERE pos IS NULL").await == 0
    })
    .await;
    assert!(stand.count(behind).await > 0);
    Stand::execute(&mut sql, "DROP TRIGGER full_disk ON stock.stock_move").await;
    until("it has caught up", async || stand.count(behind).await == 0).await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.feed_parked").await, 0);
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.stock_move WHERE sale_id IS NOT NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_ended_and_told() {
    let stand = Stand::with(&[("STATEMENT_TIMEOUT_MS", "300")]).await;
    let (ekiclik, mut sql) = (stand.login("ekiclik").await, stand.sql().await);
    Stand::execute(&mut sql, "BEGIN; LOCK TABLE catalog.product_brand").await;
    let started = Instant::now();
    later(&ekiclik.list("product.brand", &[("filter", r#"[["name", "ilike", "x"]]"#)]).await);
    later(&ekiclik.write("product.brand", json!([["id", "=", 1]]), json!({"reference": "x"})).await);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    Stand::execute(&mut sql, "ROLLBACK").await;
    assert_eq!(ekiclik.list("product.brand", &[]).await.status, 200);
    let filter = format!(r#"[["id", "in", [{}1]]]"#, "1,".repeat(1_000_000));
    let large =
        ekiclik.send("PUT", "/api/product.brand/", &[], &format!(r#"{{"params": {{"filter": {filter}, "data": {{"name": "x"}}}}}}"#)).await;
    assert_eq!(large.status, 413, "{}", large.text);
}

/// Sends bytes as they are, and reads until the other side closes or nothing comes for a while: the status, if one came.
async fn raw(stand: &Stand, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(stand.address.trim_start_matches("http://")).await.unwrap();
    let _ = socket.write_all(bytes).await;
    let mut text = Vec::new();
    let mut piece = [0; 4_096];
    while let Ok(Ok(n @ 1..)) = tokio::time::timeout(Duration::from_secs(20), socket.read(&mut piece)).await {
        text.extend_from_slice(&piece[..n]);
        if text.len() > 12 {
            break;
        }
    }
    String::from_utf8_lossy(&text).chars().skip(9).take(3).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_never_end_that_lie_or_that_are_packed_are_refused() {
    let stand = Stand::new().await;
    let post = "POST /auth HTTP/1.1\r\nhost: hub\r\ncontent-type: application/json\r\n";
    let body = r#"{"params":{"login":"bna","password":"bna"}}"#;
    let many_headers = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect::<String>();
    let attacks = [
        ("a body that stops", format!("{post}content-length: 100\r\n\r\n{{\"params\""), vec!["408"]),
        ("a head that stops", "GET /health/live HTTP/1.1\r\nhost: h".to_owned(), vec!["408", ""]),
        ("two lengths", format!("{post}content-length: 5\r\ncontent-length: 44\r\n\r\n{body}"), vec!["400"]),
        ("a length and pieces", format!("{post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"), vec!["400"]),
        ("a length that is none", format!("{post}content-length: -1\r\n\r\n{body}"), vec!["400"]),
        ("pieces that are none", format!("{post}transfer-encoding: chunked\r\n\r\nzz\r\n"), vec!["400"]),
        ("a packed body", format!("{post}content-encoding: gzip\r\ncontent-length: 3\r\n\r\n\u{1f}\u{1}\u{0}"), vec!["415"]),
        ("a head of 300 kB", format!("GET /{} HTTP/1.1\r\nhost: hub\r\n\r\n", "x".repeat(300_000)), vec!["400", "414", "431", ""]),
        ("two hundred headers", format!("GET /health/live HTTP/1.1\r\nhost: hub\r\n{many_headers}\r\n"), vec!["400", "431", ""]),
        ("no HTTP", "\u{16}\u{3}\u{1}\u{2}\u{0}".repeat(50), vec!["400", ""]),
    ];
    let answers = join_all(attacks.iter().map(|(_, bytes, _)| raw(&stand, bytes.as_bytes()))).await;
    for ((what, _, expected), status) in attacks.iter().zip(answers) {
        assert!(expected.contains(&status.as_str()), "{what}: {status:?}");
    }
    stand.login("bna").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_loses_nobody_a_change_and_nobody_a_session() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let bna = system_tests::platform::Platform::new().await;
    let secret = system_tests::platform::SECRET;
    id(&admin.create("ek.platform", json!({"name": "BNA", "base_url": bna.url, "secret": secret})).await);
    // As if the clock had been set back by an hour after the naming
    let mut sql = stand.sql().await;
    Stand::execute(&mut sql, "UPDATE sync.ek_platform SET create_date = now() + interval '1 hour', write_date = now() + interval '1 hour'")
        .await;
    assert_eq!(admin.write("product.template", json!([["id", "=", 1]]), json!({"description": "After the step"})).await.status, 200);
    bna.hears("the change", |call| call.body.contains("After the step")).await;
    // Events go by their positions, not by their times
    Stand::execute(&mut sql, "UPDATE catalog.event SET at = at - interval '2 hours' WHERE pos = (SELECT max(pos) FROM catalog.event)")
        .await;
    let feed = &stand.hub.as_ref().unwrap().catalog.feed;
    let all: Vec<events::Event> = serde_json::from_str(&feed.read(0, 1_000).await.unwrap()).unwrap();
    assert!(all.is_sorted_by_key(|event| event.pos) && !all.is_sorted_by_key(|event| event.at));
    // A session that is used slides on
    Stand::execute(&mut sql, "UPDATE partners.session SET expires_at = now() + interval '2 days'").await;
    let other = Stand::on(&stand.database_url, &[]).await;
    let seen = other.send("GET", "/api/res.bank/", &[("x-openerp-session-id", &admin.id)], "").await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    let slid = "SELECT count(*) AS n FROM partners.session WHERE expires_at > now() + interval '6 days 23 hours'";
    assert_eq!(stand.count(slid).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_of_purchases_changes_and_calls_that_come_at_once_have_one_effect() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let purchase =
        json!({"create_by": "ek", "partner_id": ALGER, "order_line": [{"product_id": CANAPE, "product_qty": 6, "price_unit": 6000}]});
    let sent = join_all((0..20).map(|_| ekiclik.create("purchase.order", purchase.clone()))).await;
    let ids: std::collections::BTreeSet<i64> = sent.iter().map(id).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let confirmed = join_all((0..10).map(|_| admin.call("purchase.order", *ids.first().unwrap(), "button_confirm", json!([])))).await;
    assert!(confirmed.iter().all(|answer| answer.status == 200), "{confirmed:?}");
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.stock_picking WHERE purchase_id IS NOT NULL").await, 1);
    let version = "SELECT version AS n FROM catalog.product_brand WHERE id = 1";
    let before = stand.count(version).await;
    let changed = join_all((0..20).map(|_| {
        let body = json!({"params": {"filter": [["id", "=", 1]], "data": {"reference": "At once"}}}).to_string();
        let ekiclik = &ekiclik;
        async move { ekiclik.send("PUT", "/api/product.brand/", &[("idempotency-key", "one")], &body).await.status }
    }))
    .await;
    assert_eq!((changed, stand.count(version).await), (vec![200; 20], before + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn status_updates_in_any_order_end_where_they_should_and_say_why_one_is_refused() {
    let stand = Stand::new().await;
    let ekiclik = stand.login("ekiclik").await;
    let states = ["EK_ORDER_CREATED", "EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_CLIENT_ORDER_CANCELED"];
    let mut orders = Vec::new();
    for order in 0..24_i64 {
        id(&ekiclik.create("crm.lead", lead(88_000 + order)).await);
        // The order-th permutation of the four
        let (mut left, mut rest, mut shuffled) = (states.to_vec(), order, Vec::new());
        for of in [6, 2, 1, 1] {
            shuffled.push(left.remove(usize::try_from(rest / of).unwrap()));
            rest %= of;
        }
        orders.push((88_000 + order, shuffled));
    }
    let refusals = AtomicUsize::new(0);
    join_all(orders.iter().map(|(order, shuffled)| {
        let (ekiclik, refusals) = (&ekiclik, &refusals);
        async move {
            let all = shuffled.iter().map(|state| {
                ekiclik.write("sale.order", json!([["ek_order_id", "=", order]]), json!({"order_source": "BNA", "state": state}))
            });
            for answer in join_all(all).await {
                if answer.status != 200 {
                    refused(&answer, 422, &["Order", "can"]);
                    refusals.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }))
    .await;
    assert!(refusals.load(Ordering::Relaxed) > 0);
    assert_eq!(
        stand.count("SELECT count(*) AS n FROM crm.sale_order WHERE ek_order_id >= 88000 AND ek_state = 'EK_CLIENT_ORDER_CANCELED'").await,
        24
    );
    let read = "SELECT coalesce((SELECT pos FROM stock.feed_cursor WHERE feed = 'crm'), 0) - (SELECT max(pos) FROM crm.event) AS n";
    until("stock has heard of all", async || {
        stand.count("SELECT count(*) AS n FROM crm.event WHERE pos IS NULL").await == 0 && stand.count(read).await == 0
    })
    .await;
    system_tests::stock::consistent(&stand).await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.stock_move WHERE sale_id IS NOT NULL AND state <> 'cancel'").await, 0);
}
