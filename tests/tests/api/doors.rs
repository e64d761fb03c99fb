//! The doors as sockets have them: targets with bytes that a URL should not have, heads in pieces and pipelines, what can't be
//! read, HEAD, slashes, and where metrics are.

use std::process::Stdio;

use hub::PROCESSES;
use service::identity::make_ring;
use system_tests::{Answer, Stand, encode, programs, until, variables};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes over one connection in pieces of this length, and reads until it is closed.
async fn raw(address: &str, bytes: &[u8], piece: usize) -> Vec<u8> {
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut from, mut to) = stream.split();
    let sent = async {
        for piece in bytes.chunks(piece) {
            // One that is refused may close before all has come
            if to.write_all(piece).await.is_err() {
                break;
            }
        }
    };
    let mut answer = Vec::new();
    let (_, read) = tokio::join!(sent, from.read_to_end(&mut answer));
    assert!(read.is_ok() || !answer.is_empty(), "{read:?}");
    answer
}

/// The answers that came one after the other, each with a length.
fn answers(bytes: &[u8]) -> Vec<Answer> {
    let (mut rest, mut all) = (bytes, Vec::new());
    while !rest.is_empty() {
        let end = rest.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
        let head = String::from_utf8(rest[..end].to_vec()).unwrap();
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        let headers: std::collections::HashMap<String, String> = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        rest = &rest[end..];
        if status == 100 {
            continue;
        }
        // After that of HEAD nothing comes
        let length = headers.get("content-length").map_or(0, |length| length.parse::<usize>().unwrap()).min(rest.len());
        let bytes = rest[..length].to_vec();
        all.push(Answer { status, headers, text: String::from_utf8(bytes.clone()).unwrap(), bytes });
        rest = &rest[length..];
    }
    all
}

/// A request with more lines in its head, as it is written.
fn request(method: &str, target: &str, head: &str, body: &str) -> Vec<u8> {
    format!("{method} {target} HTTP/1.1\r\nHost: hub\r\n{head}\r\n{body}").into_bytes()
}

/// The same target with everything escaped that must be.
fn escaped(target: &str) -> String {
    let keep = |byte: u8| byte.is_ascii() && !b"\"<>`#".contains(&byte);
    target.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

async fn both() -> [Stand; 2] {
    [Stand::new().await, Stand::processes().await]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_with_raw_bytes_is_done_as_if_it_were_escaped() {
    for stand in both().await {
        let admin = stand.login("admin").await;
        let session = format!("X-Openerp-Session-Id: {}\r\n", admin.id);
        for name in ["Béjaïa <1>", "بجاية", "Plain"] {
            admin.create("res.partner", serde_json::json!({"name": name, "email": format!("{name}@doors.dz")})).await.result();
        }
        let json = "Content-Type: application/json\r\n";
        let change = r#"{"params":{"filter":[["name","=","Plain"]],"data":{"phone":"055\"<é>"}}}"#;
        let length = format!("{json}Content-Length: {}\r\n", change.len());
        let chunked = format!("{json}Transfer-Encoding: chunked\r\n");
        let in_chunks = format!("9\r\n{}\r\n{:X};x=\"<\r\n{}\r\n0\r\n\r\n", &change[..9], change.len() - 9, &change[9..]);
        for (method, target, head, body) in [
            ("GET", r#"/api/res.partner/?query={name,email}&filter=[["id",">",0]]&order=id"#, "", ""),
            ("GET", r#"/api/res.partner/?query={name}&filter=[["name","ilike","Béjaïa"]]"#, "", ""),
            ("GET", r#"/api/res.partner?query={name}&filter=[["name","=","بجاية"]]"#, "Connection: keep-alive\r\n", ""),
            ("GET", r#"/api/res.partner?query={name}&filter=[["name","like","<1>"],["name","!=","a#b`c"]]"#, "", ""),
            ("GET", r#"http://hub/api/res.bank/1?query={name}&x="""#, "", ""),
            ("GET", "/api/res.bänk/<1>", "", ""),
            ("HEAD", r#"/api/res.bank/?filter=[["id","=",1]]"#, "", ""),
            ("PUT", "/api/res.partner/?x=\"", length.as_str(), change),
            ("PUT", "/api/res.partner/?x=\"<é>", chunked.as_str(), in_chunks.as_str()),
            ("POST", "/api/res.bank/?x=\"", "Content-Type: application/json\r\nContent-Length: 1\r\n", "{"),
            (
                "POST",
                "/object/res.users/change_password?x=\"",
                "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n",
                "{}",
            ),
            ("POST", "/web/session/check?x=\"", "Content-Type: application/json\r\nContent-Length: 2\r\n", "{}"),
            ("DELETE", r#"/api/res.partner/?filter=[["name","=","Nobody é"]]"#, "", ""),
            ("GET", "/report/pdf/account.report_invoice/\"1\"", "", ""),
            ("GET", "/nowhere/\"<>", "", ""),
            ("GET", "/health/live?\"", "", ""),
        ] {
            let head = format!("{session}{head}");
            let closing = format!("{head}Connection: close\r\n");
            let due = answers(
                &raw(&stand.address, &request(method, &escaped(target), &closing.replace("Connection: keep-alive\r\n", ""), body), 9_999)
                    .await,
            );
            // At once, in pieces, byte by byte
            for piece in [9_999, 7, 1] {
                let got = answers(&raw(&stand.address, &request(method, target, &head, body), piece).await);
                assert_eq!(got.len(), 1, "{method} {target}");
                assert_eq!((got[0].status, &got[0].text), (due[0].status, &due[0].text), "{method} {target}");
                assert_eq!(got[0].headers["connection"], "close", "{method} {target}");
            }
        }
        let found = admin.rows("res.partner", &[("filter", r#"[["phone","=","055\"<é>"]]"#), ("query", "{name}")]).await;
        assert_eq!(found.len(), 1, "a body stays as it came");
        // What comes in a query is read from UTF-8 alone
        let mut latin = request("GET", r#"/api/res.partner/?filter=[["name","!=","B?ja"]]"#, &session, "");
        let at = latin.iter().position(|byte| *byte == b'?').unwrap();
        let at = at + 1 + latin[at + 1..].iter().position(|byte| *byte == b'?').unwrap();
        latin[at] = 0xe9;
        let refused = answers(&raw(&stand.address, &latin, 9_999).await);
        assert!(refused[0].status == 400 && refused[0].error().contains("`filter` is not UTF-8"), "{}", refused[0].text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_bytes_may_come_later_on_a_connection_and_nobodys_request_is_misread() {
    for stand in both().await {
        let admin = stand.login("admin").await;
        let session = format!("X-Openerp-Session-Id: {}\r\nX: \"<é>\r\n", admin.id);
        let bank = |id: i64, quote: &str| {
            request("GET", &format!("/api/res.bank/?query={{id}}&filter=[[{quote}id{quote},{quote}={quote},{id}]]"), &session, "")
        };
        let check = r#"{"id":"GET /\" HTTP/1.1\r\n\r\n","params":{}}"#;
        let head = format!("{session}Content-Type: application/json\r\nContent-Length: {}\r\n", check.len());
        let sent = [
            bank(1, "%22"),
            request("POST", "/web/session/check", &head, check),
            b"\r\n".to_vec(),
            bank(2, "%22"),
            bank(1, "\""),
            // After what was changed nothing is read
            bank(2, "%22"),
        ]
        .concat();
        for piece in [99_999, 100, 1] {
            let got = answers(&raw(&stand.address, &sent, piece).await);
            let texts: Vec<&str> = got.iter().map(|answer| answer.text.as_str()).collect();
            assert_eq!(got.len(), 4, "{texts:?}");
            assert!(got.iter().all(|answer| answer.status == 200), "{texts:?}");
            assert!(texts[0].contains(r#""result":[{"id": 1}]"#) || texts[0].contains(r#""result":[{"id":1}]"#), "{}", texts[0]);
            assert_eq!(texts[1], r#"{"jsonrpc":"2.0","id":"GET /\" HTTP/1.1\r\n\r\n"}"#);
            assert_eq!(texts[3], texts[0]);
            assert_ne!(texts[2], texts[0]);
            assert_eq!(got[3].headers["connection"], "close");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cant_be_read_is_refused_in_words_and_is_no_error_of_ours() {
    let (private, public) = make_ring(PROCESSES).unwrap();
    let mut command = tokio::process::Command::new(programs().join("gateway"));
    let port = hub::children::free_port().unwrap();
    command.env_clear().envs(variables(&[("LOG", "info"), ("SERVICES", "partners=http://127.0.0.1:1")])).env("PORT", port.to_string());
    command.env("IDENTITY_KEY", &private["gateway"]).env("IDENTITY_PUBLIC_KEYS", public.join(","));
    let mut gateway = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let address = format!("127.0.0.1:{port}");
    until("it serves", async || TcpStream::connect(&address).await.is_ok()).await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: hub\r\n\r\n", "é".repeat(20_000));
    let large = format!("GET / HTTP/1.1\r\nHost: hub\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\nHost: hub\r\n{}\r\n", "X: x\r\n".repeat(120));
    for (bytes, status, word) in [
        (&b"GET /api/res.partner/?query={id, name} HTTP/1.1\r\nHost: hub\r\n\r\n"[..], 400, "%20"),
        (b"GET / HTTP/9.9\r\nHost: hub\r\n\r\n", 400, "HTTP/1.1"),
        (b"nonsense\r\n\r\n", 400, "Host"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "name: value"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "Host"),
        (b"GET /\" HTTP/1.1\r\nHost: hub\r\n folded\r\n\r\n", 400, "name: value"),
        (b"GET / HTTP/1.1\r\nHost: hub\r\nHost: other\r\n\r\n", 400, "one Host"),
        (b"POST /auth HTTP/1.1\r\nHost: hub\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", 400, "one Content-Length"),
        (b"POST /auth HTTP/1.1\r\nHost: hub\r\nContent-Length: -2\r\n\r\n{}", 400, "Content-Length"),
        (b"POST /auth HTTP/1.1\r\nHost: hub\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400, "Transfer-Encoding"),
        (
            b"POST /auth HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n{}",
            400,
            "broke off",
        ),
        (long.as_bytes(), 400, "65,534"),
        (large.as_bytes(), 431, "131,072"),
        (many.as_bytes(), 431, "96 headers"),
    ] {
        for piece in [99_999, 50] {
            let got = answers(&raw(&address, bytes, piece).await);
            let shown = bytes[..bytes.len().min(60)].escape_ascii();
            assert_eq!(got.len(), 1, "{shown}");
            assert_eq!((got[0].status, got[0].headers["content-type"].as_str()), (status, "application/json; charset=utf-8"), "{shown}");
            assert!(got[0].error().contains(word), "{shown}: {}", got[0].text);
        }
    }
    gateway.start_kill().unwrap();
    let mut log = String::new();
    gateway.stdout.take().unwrap().read_to_string(&mut log).await.unwrap();
    assert!(log.contains("serving") && !log.contains("ERROR"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn head_answers_wherever_get_does_and_slashes_do_not_count() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let headers = [("x-openerp-session-id", admin.id.as_str()), ("content-type", "application/json")];
    for path in [
        "/health/live",
        "/health/ready",
        "/openapi.json",
        "/docs",
        "/docs/swagger-ui.css",
        "/api/res.bank",
        "/api/res.bank/1",
        "/nowhere",
        "/api/no.such",
    ] {
        let got = stand.send("GET", path, &headers, "").await;
        let slashed = [format!("{path}/"), path.replace('/', "//"), format!("//{}//", &path[1..])];
        for path in std::iter::once(path.to_owned()).chain(slashed) {
            let same = stand.send("GET", &path, &headers, "").await;
            assert_eq!((same.status, same.text == got.text), (got.status, true), "{path}");
            let head = stand.send("HEAD", &path, &headers, "").await;
            assert_eq!((head.status, head.text.as_str()), (got.status, ""), "HEAD {path}");
            assert_eq!(head.headers.get("content-type"), got.headers.get("content-type"), "HEAD {path}");
        }
    }
    // One without an end ends
    let events = stand.send("HEAD", "/events", &headers, "").await;
    assert_eq!((events.status, events.headers["content-type"].as_str()), (200, "text/event-stream"));
    for (method, path) in [
        ("POST", "//auth//"),
        ("POST", "//object/res.users//context_get"),
        ("POST", "/web//session/check//"),
        ("PUT", "//api//res.bank//1//"),
    ] {
        let (plain, slashed) = (path.replace("//", "/"), stand.send(method, path, &headers, "{}").await);
        let plain = stand.send(method, plain.trim_end_matches('/'), &headers, "{}").await;
        assert_eq!((slashed.status, slashed.text), (plain.status, plain.text), "{path}");
    }
    for path in ["/auth", "/object/res.users/change_password"] {
        assert_eq!(stand.send("HEAD", path, &headers, "").await.headers["allow"], "POST", "{path}");
    }
    assert!(stand.send("GET", "/docs", &[], "").await.text.contains("<base href=\"/docs/\">"), "its parts are found without a slash too");
    let key = [("idempotency-key", "one"), headers[0], headers[1]];
    let body = r#"{"params":{"data":{"name":"Twice","email":"twice@doors.dz"}}}"#;
    let (first, again) =
        (stand.send("POST", "/api/res.partner/", &key, body).await, stand.send("POST", "//api/res.partner", &key, body).await);
    assert_eq!((first.result(), again.headers.contains_key("idempotency-replayed")), (again.result(), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_where_no_client_is() {
    let one = Stand::new().await;
    assert_eq!(one.send("GET", "/metrics", &[], "").await.status, 404);
    assert!(one.told(&one.metrics).await.contains("http_server_request_duration_seconds"));
    let many = Stand::processes().await;
    assert_eq!(many.send("GET", "/metrics", &[], "").await.status, 404);
    for (process, address) in &many.children.as_ref().unwrap().metrics {
        assert!(many.told(&format!("http://{address}/metrics")).await.contains("hub_build_info"), "{process}");
        assert_eq!(many.told(&format!("http://{address}/health/live")).await, "", "{process}: nothing else is there");
    }
}

#[test]
fn the_test_escapes_as_clients_do() {
    assert_eq!(escaped(r#"/?a="é""#), format!("/?a={}", encode(r#""é""#)));
}
