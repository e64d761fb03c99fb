//! What those can cost who have no session: nothing of theirs is kept, little of theirs is read, and their guesses are counted.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use sync_contract::{KeepRefused, Refused};
use system_tests::{Answer, Stand, refused, until, variables};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const JSON: (&str, &str) = ("content-type", "application/json");

async fn kept(stand: &Stand) -> i64 {
    stand.count("SELECT count(*) AS n FROM sync.ek_request").await
}

// ---- what is kept

#[tokio::test(flavor = "multi_thread")]
async fn of_strangers_refused_requests_are_counted_and_of_users_kept() {
    for stand in [Stand::new().await, Stand::processes().await] {
        let data = json!({"params": {"data": {"name": "x", "email": "a@b.dz"}}}).to_string();
        let dead = ("x-openerp-session-id", "0123456789abcdef0123456789abcdef01234567");
        let metrics = match &stand.children {
            Some(children) => format!("http://{}/metrics", children.metrics.iter().find(|(of, _)| *of == "gateway").unwrap().1),
            None => stand.metrics.clone(),
        };
        for _ in 0..20 {
            assert_eq!(stand.send("POST", "/api/res.partner/", &[JSON], data.as_str()).await.status, 401);
            assert_eq!(stand.send("POST", "/api/res.partner/", &[JSON, dead], data.as_str()).await.status, 401);
            assert_eq!(stand.send("PUT", "/api/res.partner/1", &[JSON], "{\"params\": {").await.status, 400);
            assert_eq!(stand.send("DELETE", "/api/res.partner/1", &[("cookie", "session_id=none")], "").await.status, 401);
            assert_eq!(stand.send("POST", "/object/res.users/2/action_set_password", &[JSON], "{}").await.status, 401);
        }
        let counted = stand.told(&metrics).await;
        let strangers = counted.lines().filter(|line| line.starts_with("hub_refused_requests_total{") && line.contains("who=\"stranger\""));
        let strangers: f64 = strangers.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum();
        assert!(strangers >= 100.0, "{counted}");
        // A user's are kept, those that can't be read too
        let bna = stand.login("bna").await;
        assert_eq!(bna.create("product.brand", json!({"name": "No"})).await.status, 403);
        assert_eq!(bna.send("POST", "/api/res.partner/", &[], "{\"params\": {").await.status, 400);
        until("the user's are kept", async || kept(&stand).await >= 2).await;
        assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_request WHERE login = 'bna' AND status IN (400, 403)").await, 2);
        assert_eq!(kept(&stand).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_has_an_end_by_user_and_hour_in_all_and_in_each_field() {
    let stand = Stand::new().await;
    let hub = stand.hub.as_ref().unwrap();
    let tell = async |login: &str, rows: usize| {
        let row = Refused {
            at: chrono::Utc::now(),
            method: "POST".to_owned(),
            path: "/api/x/".to_owned(),
            login: login.to_owned(),
            bank_id: None,
            status: 422,
            error: "e".to_owned(),
            message: "m".to_owned(),
            reference: None,
            ek_order_id: None,
            email: None,
            trace_id: None,
            body: None,
        };
        let told = KeepRefused { rows: vec![row; rows] };
        service::ask(&hub.router, &hub.keys["gateway"], &told, None).await.unwrap();
    };
    for _ in 0..7 {
        tell("bna", 200).await;
    }
    assert_eq!(kept(&stand).await, 1_000, "of one user within an hour");
    tell("alsalam", 200).await;
    assert_eq!(kept(&stand).await, 1_200, "others have their own");
    Stand::execute(&mut stand.sql().await, "UPDATE sync.ek_request SET at = now() - interval '61 minutes'").await;
    tell("bna", 10).await;
    assert_eq!(kept(&stand).await, 1_210, "an hour later there is room again");
    let many = "INSERT INTO sync.ek_request (at, method, path, login, status, error, message) \
        SELECT now() - interval '1 day', 'POST', '/', 'old', 422, 'e', 'm' FROM generate_series(1, 100000)";
    Stand::execute(&mut stand.sql().await, many).await;
    for _ in 0..5 {
        tell("alsalam", 100).await;
    }
    assert!(kept(&stand).await <= 100_000, "{}", kept(&stand).await);
    assert_eq!(
        stand.count("SELECT count(*) AS n FROM sync.ek_request WHERE login = 'alsalam' AND at > now() - interval '1 hour'").await,
        500
    );
    // Long ones are cut
    let bna = stand.login("bna").await;
    let long = "y".repeat(3_000);
    let filter = json!([["manufacturer_ref", "=", long]]);
    let path = format!("/api/{}/", "m".repeat(2_000));
    let body = json!({"params": {"filter": filter, "data": {"ref": long, "ek_order_id": long, "email": long}}}).to_string();
    assert!(bna.send("PUT", &path, &[], &body).await.status >= 400);
    until("it is kept", async || stand.count("SELECT count(*) AS n FROM sync.ek_request WHERE path LIKE '/api/mmm%'").await == 1).await;
    let size = "SELECT octet_length((to_jsonb(r) - 'sealed_body')::text)::bigint AS n FROM sync.ek_request r WHERE path LIKE '/api/mmm%'";
    let size = stand.count(size).await;
    assert!(size < 1_900, "{size}");
}

// ---- what is read

/// Sends a part of a request; answers the status of what comes back while nothing more is sent.
async fn status_of_a_part(stand: &Stand, head: &str, announced: usize, body: &[u8]) -> (TcpStream, Option<u16>) {
    let mut socket = TcpStream::connect(stand.address.trim_start_matches("http://")).await.unwrap();
    let head = format!("{head}\r\nhost: hub\r\ncontent-type: application/json\r\ncontent-length: {announced}\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(body).await.unwrap();
    let mut answer = vec![0; 4_096];
    let status = match tokio::time::timeout(Duration::from_secs(5), socket.read(&mut answer)).await {
        Ok(Ok(n)) if n > 12 => String::from_utf8_lossy(&answer[9..12]).parse().ok(),
        _ => None,
    };
    (socket, status)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_strangers_body_no_more_is_read_than_may_say_who_sends_it() {
    let stand = Stand::new().await;
    let bna = stand.login("bna").await;
    let start = |first: &str| format!("{{\"params\": {{{first}\"data\": {{\"name\": \"{}", "x".repeat(100_000)).into_bytes();
    let part = async |head: &str, body: Vec<u8>| status_of_a_part(&stand, head, 900_000, &body).await.1;
    for head in ["POST /api/res.partner/", "PUT /api/res.partner/", "DELETE /api/res.partner/1", "POST /object/res.users/2/change_password"]
    {
        assert_eq!(part(&format!("{head} HTTP/1.1"), start("")).await, Some(401), "{head}");
        let dead = format!("{head} HTTP/1.1\r\nx-openerp-session-id: 0123456789abcdef0123456789abcdef01234567");
        assert_eq!(part(&dead, start("")).await, Some(401), "{head}");
        assert_eq!(part(&format!("{head} HTTP/1.1"), start("\"session_id\": \"0123\", ")).await, Some(401), "{head}");
    }
    assert_eq!(part("POST /auth HTTP/1.1", start("\"login\": \"bna\", ")).await, Some(401));
    // Odoo's doors tell it as Odoo does
    assert_eq!(part("POST /web/session/authenticate HTTP/1.1", start("")).await, Some(200));
    // Whoever says who they are is read to the end
    let long = "x".repeat(300_000);
    let sent = async |path: &str, headers: &[(&str, &str)], params: Value, first: &str| {
        let params = params.to_string();
        let body = format!("{{\"params\": {{{first}{}", params.strip_prefix('{').unwrap()) + "}";
        stand.send("POST", path, &[&[JSON], headers].concat(), body).await
    };
    let data = || json!({"data": {"name": long, "email": "long@example.dz"}});
    let session = format!("\"session_id\": \"{}\", ", bna.id);
    for (headers, first) in [
        (vec![("x-openerp-session-id", bna.id.as_str())], ""),
        (vec![("cookie", "a=b; session_id=none")], session.as_str()),
        (vec![], session.as_str()),
    ] {
        refused(&sent("/api/res.partner/", &headers, data(), first).await, 422, &["300000 characters"]);
    }
    let late: Answer = sent("/api/res.partner/", &[], json!({"data": {"name": long}, "session_id": bna.id}), "").await;
    refused(&late, 401, &["first 64 kB"]);
    assert_eq!(late.error_name(), "odoo.http.SessionExpiredException");
    assert_eq!(sent("/auth", &[], json!({"zzz": long}), "\"login\": \"bna\", \"password\": \"bna\", ").await.status, 200);
    refused(&sent("/auth", &[], json!({"zzz": long}), "\"login\": \"bna\", ").await, 401, &["a login and a password"]);
    // A connection goes on after its answer, or is closed: nothing of a body is a request
    let (mut socket, status) = status_of_a_part(&stand, "POST /api/res.partner/ HTTP/1.1", 80_000, &[b'x'; 70_000]).await;
    assert_eq!(status, Some(401));
    let rest = [&[b'x'; 10_000][..], b"GET /health/live HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n"].concat();
    let mut all = Vec::new();
    if socket.write_all(&rest).await.is_ok() && socket.read_to_end(&mut all).await.is_ok() {
        let text = String::from_utf8_lossy(&all);
        assert!(text.matches("HTTP/1.1 ").count() <= 1 && !text.contains("HTTP/1.1 400"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_have_sent_together_is_bounded_by_address_and_in_all() {
    let settings = [("STRANGERS_BYTES", "1048576"), ("TRUSTED_PROXIES", "127.0.0.1")];
    let stand = Stand::with(&settings).await;
    let bna = stand.login("bna").await;
    let part = async |address: usize| {
        let head = format!("POST /api/res.partner/ HTTP/1.1\r\nx-forwarded-for: 10.0.0.{address}");
        let mut socket = TcpStream::connect(stand.address.trim_start_matches("http://")).await.unwrap();
        let head = format!("{head}\r\nhost: hub\r\ncontent-type: application/json\r\ncontent-length: 60000\r\n\r\n");
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.write_all(&[b' '; 50_000]).await.unwrap();
        socket
    };
    let small = async |address: &str| {
        let body = format!("{{\"params\": {{\"data\": {{}}, \"pad\": \"{}\"}}}}", "x".repeat(60_000));
        stand.send("POST", "/api/res.partner/", &[JSON, ("x-forwarded-for", address)], body).await
    };
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(part(1).await);
    }
    until("one address has its part", async || small("10.0.0.1").await.status == 429).await;
    refused(&small("10.0.0.1").await, 429, &["bytes of requests whose senders are not known yet"]);
    assert_eq!(small("10.0.0.9").await.status, 401, "another has its own");
    for address in 2..8 {
        for _ in 0..6 {
            held.push(part(address).await);
        }
    }
    until("all is taken", async || small("10.0.0.9").await.status == 503).await;
    let full = small("10.0.0.9").await;
    assert!(full.status == 503 && full.headers.contains_key("retry-after"), "{}", full.text);
    // Who is known is not a stranger
    assert_eq!(
        bna.create("res.partner", json!({"name": "Known", "email": "known@example.dz", "comment": "x".repeat(15_000)})).await.status,
        200
    );
    drop(held);
    until("there is room again", async || small("10.0.0.1").await.status == 401).await;
}

// ---- where they come from

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_read_with_its_port_and_what_cant_be_read_ends_the_walk() {
    let stand = Stand::with(&[("TRUSTED_PROXIES", "127.0.0.1,10.9.0.0/16"), ("LOGIN_FAILURES", "2")]).await;
    let from = async |forwarded: &str, login: &str, password: &str| {
        let body = json!({"params": {"login": login, "password": password}}).to_string();
        stand.send("POST", "/auth", &[JSON, ("x-forwarded-for", forwarded)], body).await.status
    };
    for (login, same) in [
        ("bna", ["10.0.0.1:5555", "6.6.6.6, 10.0.0.1:80", "10.0.0.1"]),
        ("alsalam", ["[2001:db8::1]:443", "6.6.6.6, [2001:db8::1]", "2001:db8::1"]),
        // The client's own word is not believed where what our proxy wrote can't be read
        ("admin", ["6.6.6.6, unknown", "7.7.7.7, 10.0.0.1:port", "8.8.8.8, , "]),
        ("ekiclik", ["6.6.6.6, nonsense, 10.9.0.1", "7.7.7.7, _hidden, 10.9.0.1:80", "10.9.0.1"]),
    ] {
        for forwarded in &same[..2] {
            assert_eq!(from(forwarded, login, "guess").await, 401, "{login} {forwarded}");
        }
        assert_eq!(from(same[2], login, login).await, 429, "{login}");
        assert_eq!(from("10.0.0.77", login, login).await, 200, "{login}: elsewhere it is another");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_nobody_named_is_told_of_by_the_doctor() {
    let stand = Stand::with(&[]).await;
    let urls = operator::provision::urls(&stand.database_url).unwrap();
    let doctor = async || hub::doctor(&variables(&[]), &urls).await.unwrap().0;
    let line = |text: &str| text.lines().find(|line| line.contains("proxies") || line.contains("TRUSTED_PROXIES")).unwrap().to_owned();
    let bna = stand.login("bna").await;
    assert!(line(&doctor().await).starts_with("ok "), "{}", doctor().await);
    let headers = [("x-forwarded-for", "10.0.0.1")];
    assert_eq!(bna.send("GET", "/api/res.bank/", &headers, "").await.status, 200);
    let told = line(&doctor().await);
    assert!(told.starts_with("WRONG") && told.contains("127.0.0.1") && told.contains("TRUSTED_PROXIES"), "{told}");
    // One that was named is well
    let named = Stand::with(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let urls = operator::provision::urls(&named.database_url).unwrap();
    assert_eq!(named.login("bna").await.send("GET", "/api/res.bank/", &headers, "").await.status, 200);
    assert!(line(&hub::doctor(&variables(&[]), &urls).await.unwrap().0).starts_with("ok "));
}

// ---- what they guess

#[tokio::test(flavor = "multi_thread")]
async fn of_guesses_at_once_no_more_are_judged_than_of_guesses_one_by_one() {
    let stand = Stand::new().await;
    let replica = Stand::on(&stand.database_url, &[]).await;
    let guess = async |stand: &Stand, login: &str, password: &str| {
        let body = json!({"params": {"login": login, "password": password}}).to_string();
        stand.send("POST", "/auth", &[JSON], body).await
    };
    for known in [false, true] {
        let login = if known { "alsalam" } else { "bna" };
        if known {
            stand.login(login).await;
        }
        let (here, there) = tokio::join!(
            join_all((0..30).map(|_| guess(&stand, login, "wrong"))),
            join_all((0..30).map(|_| guess(&replica, login, "wrong")))
        );
        let answers = [here, there].concat();
        let count = |status| answers.iter().filter(|answer| answer.status == status).count();
        assert!(count(401) <= 10 && count(401) + count(429) == 60, "{} judged, {} refused", count(401), count(429));
        assert_eq!(guess(&stand, login, login).await.status, 429, "the budget is spent");
    }
    // A user who is logged in and guesses at the password
    let ekiclik = stand.login("ekiclik").await;
    let uid = stand.count("SELECT id AS n FROM partners.res_users WHERE login = 'ekiclik'").await;
    let change = async |old: &str| ekiclik.call("res.users", uid, "change_password", json!([old, "another-password"])).await.status;
    let answers = join_all((0..40).map(|_| change("wrong"))).await;
    let judged = answers.iter().filter(|status| **status == 401).count();
    assert!(judged <= 10 && answers.iter().all(|status| matches!(status, 401 | 429)), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_succeeds_gives_its_try_back() {
    let stand = Stand::with(&[("LOGIN_FAILURES", "3"), ("ADDRESS_FAILURES", "6")]).await;
    let log_in = async |login: &str, password: &str| {
        let body = json!({"params": {"login": login, "password": password}}).to_string();
        stand.send("POST", "/auth", &[JSON], body).await.status
    };
    // More at once than the budget has tries, all of them right
    let right = join_all((0..20).map(|_| log_in("bna", "bna"))).await;
    assert_eq!(right, [200; 20]);
    assert_eq!(stand.count("SELECT coalesce(sum(failures), 0)::bigint AS n FROM partners.login_failure").await, 0);
    assert_eq!((log_in("bna", "no").await, log_in("bna", "bna").await), (401, 200));
    assert_eq!(stand.count("SELECT sum(failures)::bigint AS n FROM partners.login_failure").await, 1, "the address's");
}
