//! Who asks, and what they may: log-in, sessions, keys, rights, and what the doors refuse before anything is asked of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use system_tests::{Answer, Session, Stand, encode};

const JSON: (&str, &str) = ("content-type", "application/json");
const ACCESS_DENIED: &str = "odoo.exceptions.AccessDenied";
const ACCESS_ERROR: &str = "odoo.exceptions.AccessError";
const EXPIRED: &str = "odoo.http.SessionExpiredException";

async fn post(stand: &Stand, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    let mut all = vec![JSON];
    all.extend_from_slice(headers);
    stand.send("POST", path, &all, body.to_string()).await
}

fn credentials(login: &str, password: &str) -> Value {
    json!({"params": {"login": login, "password": password}})
}

/// A log-in as it would come through a proxy of ours.
async fn login_from(stand: &Stand, address: &str, login: &str, password: &str) -> Answer {
    post(stand, "/auth", &[("x-forwarded-for", address)], credentials(login, password)).await
}

/// The session's id in an answer's cookie.
fn cookie_of(answer: &Answer) -> String {
    let cookie = answer.headers.get("set-cookie").unwrap_or_else(|| panic!("no cookie: {} {}", answer.status, answer.text));
    cookie.strip_prefix("session_id=").unwrap().split(';').next().unwrap().to_owned()
}

fn is_id(id: &str) -> bool {
    id.len() == 40 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Who a request with these headers is, by asking for the session's facts; `None` where it is nobody.
async fn who(stand: &Stand, headers: &[(&str, &str)]) -> Option<String> {
    let answer = post(stand, "/web/session/get_session_info", headers, json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["result"]["username"].as_str().map(str::to_owned)
}

fn is_refused(answer: &Answer, status: u16, name: &str) {
    assert_eq!((answer.status, answer.error_name().as_str()), (status, name), "{}", answer.text);
}

fn id(answer: &Answer) -> i64 {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.result().as_i64().unwrap_or_else(|| panic!("no id: {}", answer.text))
}

async fn user(admin: &Session<'_>, login: &str, more: Value) -> i64 {
    let mut data = json!({"name": login, "login": login, "password": login});
    data.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    id(&admin.create("res.users", data).await)
}

async fn uid(admin: &Session<'_>, login: &str) -> i64 {
    let filter = json!([["login", "=", login]]).to_string();
    admin.rows("res.users", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
}

async fn sessions(stand: &Stand, user: i64) -> i64 {
    stand.count(&format!("SELECT count(*) AS n FROM partners.session WHERE user_id = {user}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_tells_the_session_as_odoo_does() {
    let stand = Stand::new().await;
    let by_auth = post(&stand, "/auth", &[], json!({"id": 7, "params": {"db": "echange", "login": "admin", "password": "admin"}})).await;
    let by_web = post(&stand, "/web/session/authenticate", &[], credentials("admin", "admin")).await;
    for answer in [&by_auth, &by_web] {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.headers["content-type"].starts_with("application/json"));
        let info = answer.result();
        assert_eq!(
            (&info["uid"], &info["username"], &info["is_system"], &info["is_admin"], &info["db"], &info["server_version"]),
            (&json!(2), &json!("admin"), &json!(true), &json!(true), &json!("echange"), &json!("16.0"))
        );
        for key in [
            "user_context",
            "server_version_info",
            "name",
            "partner_display_name",
            "company_id",
            "partner_id",
            "web.base.url",
            "currencies",
            "user_companies",
        ] {
            assert!(info.get(key).is_some(), "{key} is missing");
        }
        assert_eq!(info["user_context"]["uid"], 2);
        let cookie = &answer.headers["set-cookie"];
        assert!(is_id(&cookie_of(answer)), "{cookie}");
        for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800", "Expires="] {
            assert!(cookie.contains(part), "{part} is not in {cookie}");
        }
        assert!(!cookie.contains("Secure"), "{cookie}");
    }
    assert_eq!(by_auth.json()["id"], 7);
    assert_eq!(by_auth.result()["session_id"], cookie_of(&by_auth));
    // Odoo's own door has the id in the cookie only
    assert!(by_web.result().get("session_id").is_none());
    assert!(!by_web.text.contains(&cookie_of(&by_web)));
    assert_ne!(cookie_of(&by_auth), cookie_of(&by_web));
    // What is kept is a hash
    let kept =
        stand.count(&format!("SELECT count(*) AS n FROM partners.session WHERE token_sha256 = sha256('{}')", cookie_of(&by_web))).await;
    assert_eq!(kept, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_for_https_where_it_is_set_so() {
    let stand = Stand::with(&[("COOKIE_SECURE", "true")]).await;
    for path in ["/auth", "/web/session/authenticate"] {
        let answer = post(&stand, path, &[], credentials("admin", "admin")).await;
        assert!(answer.headers["set-cookie"].contains("Secure"), "{}", answer.headers["set-cookie"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_fails_is_told_in_odoos_words() {
    let stand = Stand::new().await;
    let told = [
        (json!({"login": "admin", "password": "wrong"}), ACCESS_DENIED, "Access Denied"),
        (json!({"login": "nobody", "password": "admin"}), ACCESS_DENIED, "Access Denied"),
        (json!({"login": "__system__", "password": "admin"}), ACCESS_DENIED, "Access Denied"),
        (json!({"password": "admin"}), ACCESS_DENIED, "`login` is required."),
        (json!({"login": "", "password": "admin"}), ACCESS_DENIED, "`login` is required."),
        (json!({"login": "admin"}), ACCESS_DENIED, "`password` is required."),
        (json!({"db": "nosuch", "login": "admin", "password": "admin"}), ACCESS_ERROR, "Database not found."),
    ];
    for (params, name, message) in told {
        for (path, status) in [("/auth", if name == ACCESS_DENIED { 401 } else { 403 }), ("/web/session/authenticate", 200)] {
            let answer = post(&stand, path, &[], json!({"id": "x", "params": params})).await;
            assert_eq!((answer.status, answer.error_name().as_str(), answer.error().as_str()), (status, name, message), "{path} {params}");
            assert!(!answer.headers.contains_key("set-cookie"));
            let error = &answer.json()["error"];
            assert_eq!(
                (&error["code"], &error["message"], &error["data"]["debug"], &error["data"]["arguments"]),
                (&json!(200), &json!("Odoo Server Error"), &json!(""), &json!([message]))
            );
            assert_eq!(answer.json()["id"], "x");
        }
    }
    for wrong in [json!({"login": 1, "password": "x"}), json!({"login": ["admin"], "password": "x"}), json!([1])] {
        let answer = post(&stand, "/auth", &[], json!({"params": wrong})).await;
        assert!(matches!(answer.status, 400 | 401 | 422), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_carried_in_five_ways_and_the_first_counts() {
    let stand = Stand::new().await;
    let [admin, platform, alsalam, bna] =
        [stand.login("admin").await.id, stand.login("ekiclik").await.id, stand.login("alsalam").await.id, stand.login("bna").await.id];
    let key = stand
        .login("bna")
        .await
        .send("POST", "/object/res.users/action_new_api_key", &[], r#"{"params":{"args":["CI",1]}}"#)
        .await
        .result();
    let bearer = format!("Bearer {}", key.as_str().unwrap());
    let cookie = format!("frontend_lang=fr_FR; session_id={bna}");
    // All five, then always without the first
    let ask = |headers: Vec<(&'static str, String)>, in_params: Option<String>, in_query: Option<String>| {
        let stand = &stand;
        async move {
            let path =
                in_query.map_or("/web/session/get_session_info".to_owned(), |id| format!("/web/session/get_session_info?session_id={id}"));
            let body = in_params.map_or(json!({}), |id| json!({"params": {"session_id": id}}));
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            post(stand, &path, &headers, body).await.json()["result"]["username"].as_str().map(str::to_owned)
        }
    };
    let (h_key, h_id, h_cookie) = (("authorization", bearer.clone()), ("x-openerp-session-id", admin.clone()), ("cookie", cookie.clone()));
    assert_eq!(
        ask(vec![h_key.clone(), h_id.clone(), h_cookie.clone()], Some(platform.clone()), Some(alsalam.clone())).await.as_deref(),
        Some("bna")
    );
    assert_eq!(ask(vec![h_id.clone(), h_cookie.clone()], Some(platform.clone()), Some(alsalam.clone())).await.as_deref(), Some("admin"));
    assert_eq!(ask(vec![h_cookie.clone()], Some(platform.clone()), Some(alsalam.clone())).await.as_deref(), Some("ekiclik"));
    assert_eq!(ask(vec![h_cookie.clone()], None, Some(alsalam.clone())).await.as_deref(), Some("alsalam"));
    assert_eq!(ask(vec![h_cookie.clone()], None, None).await.as_deref(), Some("bna"));
    assert_eq!(ask(vec![], None, None).await, None);
    // One that is dead is not made good by a later one
    assert_eq!(ask(vec![("x-openerp-session-id", "0".repeat(40)), h_cookie.clone()], None, None).await, None);
    assert_eq!(ask(vec![("authorization", "Bearer wrong".to_owned()), h_id], None, None).await, None);
    // The seed's way: each of them on the add-on's routes, reading and writing
    let list = "/api/res.bank/?query=%7Bname%7D";
    for (path, headers) in [
        (format!("{list}&session_id={admin}"), vec![]),
        (list.to_owned(), vec![("x-openerp-session-id", admin.as_str())]),
        (list.to_owned(), vec![("cookie", cookie.as_str())]),
        (list.to_owned(), vec![("authorization", bearer.as_str())]),
    ] {
        assert_eq!(stand.send("GET", &path, &headers, "").await.status, 200, "{path} {headers:?}");
    }
    let write = json!({"params": {"session_id": platform, "filter": [["id", "=", 0]], "data": {"name": "x"}}});
    assert_eq!(stand.send("PUT", "/api/res.partner/", &[JSON], write.to_string()).await.status, 200);
    let write = json!({"params": {"filter": [["id", "=", 0]], "data": {"name": "x"}}});
    assert_eq!(stand.send("PUT", &format!("/api/res.partner/?session_id={platform}"), &[JSON], write.to_string()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_two_parameters_can_be_turned_off() {
    let stand = Stand::with(&[("SESSION_PARAM", "false")]).await;
    let session = stand.login("admin").await;
    let by_query = stand.send("GET", &format!("/api/res.bank/?session_id={}", session.id), &[], "").await;
    is_refused(&by_query, 401, EXPIRED);
    let by_params = post(&stand, "/api/res.bank/", &[], json!({"params": {"session_id": session.id, "data": {"name": "X"}}})).await;
    is_refused(&by_params, 401, EXPIRED);
    assert_eq!(session.get("/api/res.bank/").await.status, 200);
    // Then they do not hide what comes after them either
    let cookie = format!("session_id={}", session.id);
    let none = "0".repeat(40);
    assert_eq!(stand.send("GET", &format!("/api/res.bank/?session_id={none}"), &[("cookie", &cookie)], "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_told_checked_and_destroyed() {
    let stand = Stand::new().await;
    let (one, other) = (stand.login("admin").await, stand.login("admin").await);
    assert_ne!(one.id, other.id);
    for slash in ["", "/"] {
        let info = one.send("POST", &format!("/web/session/get_session_info{slash}"), &[], "{}").await;
        assert_eq!((info.status, &info.result()["uid"]), (200, &json!(2)));
        let check = one.send("POST", &format!("/web/session/check{slash}"), &[], r#"{"id":3}"#).await;
        assert_eq!((check.status, check.json()), (200, json!({"jsonrpc": "2.0", "id": 3})));
    }
    let destroyed = one.send("POST", "/web/session/destroy", &[], "{}").await;
    assert_eq!((destroyed.status, destroyed.json()), (200, json!({"jsonrpc": "2.0", "id": null})));
    assert_ne!(cookie_of(&destroyed), one.id);
    assert_eq!(sessions(&stand, 2).await, 1);
    is_refused(&one.get("/api/res.bank/").await, 401, EXPIRED);
    for path in ["/web/session/check", "/web/session/get_session_info"] {
        let dead = one.send("POST", path, &[], "{}").await;
        is_refused(&dead, 200, EXPIRED);
        let error = &dead.json()["error"];
        assert_eq!(
            (&error["code"], &error["message"], &error["data"]["message"]),
            (&json!(100), &json!("Odoo Session Expired"), &json!("Session expired"))
        );
    }
    // The other one lives on, and a second time is no error
    assert_eq!(other.get("/api/res.bank/").await.status, 200);
    assert_eq!(one.send("POST", "/web/session/destroy", &[], "{}").await.status, 200);
    assert_eq!(post(&stand, "/web/session/destroy", &[], json!({})).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_session_is_over() {
    let stand = Stand::new().await;
    let session = stand.login("admin").await;
    assert_eq!(stand.count("WITH late AS (UPDATE partners.session SET expires_at = now() - interval '1 second' RETURNING 1) SELECT count(*) AS n FROM late").await, 1);
    is_refused(&session.get("/api/res.bank/").await, 401, EXPIRED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_alone_changes_nothing_for_a_page_of_another_site() {
    let stand = Stand::with(&[("CORS_ORIGINS", "https://bank.example")]).await;
    let session = stand.login("admin").await;
    let cookie = format!("session_id={}", session.id);
    let body = json!({"params": {"filter": [["id", "=", 0]], "data": {"name": "x"}}}).to_string();
    let own = stand.address.clone();
    let send = |headers: Vec<(&'static str, String)>| {
        let (stand, cookie, body) = (&stand, &cookie, &body);
        async move {
            let mut all: Vec<(&str, &str)> = vec![("cookie", cookie)];
            all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
            stand.send("PUT", "/api/res.partner/", &all, body.clone()).await
        }
    };
    let json_and = |name: &'static str, value: &str| vec![("content-type", "application/json".to_owned()), (name, value.to_owned())];
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1.evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        is_refused(&send(json_and(name, value)).await, 403, ACCESS_ERROR);
    }
    for (name, value) in [
        ("origin", own.as_str()),
        ("origin", "https://bank.example"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("accept", "*/*"),
    ] {
        assert_eq!(send(json_and(name, value)).await.status, 200, "{name} {value}");
    }
    // What a form can send
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        assert_eq!(send(vec![("content-type", kind.to_owned())]).await.status, 415, "{kind}");
        for path in ["/auth", "/web/session/authenticate", "/object/res.users/action_new_api_key"] {
            assert_eq!(
                stand.send("POST", path, &[("cookie", &cookie), ("content-type", kind)], body.clone()).await.status,
                415,
                "{path} {kind}"
            );
        }
    }
    assert_eq!(send(vec![]).await.status, 415);
    // Reading is the browser's to guard; a session that a page had to name itself is that page's own
    assert_eq!(stand.send("GET", "/api/res.bank/", &[("cookie", &cookie), ("origin", "https://evil.example")], "").await.status, 200);
    let named = stand
        .send("PUT", "/api/res.partner/", &[JSON, ("x-openerp-session-id", &session.id), ("origin", "https://evil.example")], body.clone())
        .await;
    assert_eq!(named.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_ends_no_session_by_its_cookie() {
    let stand = Stand::new().await;
    let session = stand.login("admin").await;
    let cookie = format!("session_id={}", session.id);
    let foreign = post(
        &stand,
        "/web/session/destroy",
        &[("cookie", &cookie), ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        json!({}),
    )
    .await;
    assert_eq!(foreign.json()["error"]["data"]["name"], ACCESS_ERROR, "{}", foreign.text);
    assert_eq!(sessions(&stand, 2).await, 1);
    assert_eq!(post(&stand, "/web/session/destroy", &[("cookie", &cookie)], json!({})).await.status, 200);
    assert_eq!(sessions(&stand, 2).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_is_shown_once_kept_as_a_hash_and_bounded() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, stand.login("bna").await);
    let made = bna.send("POST", "/object/res.users/action_new_api_key", &[], r#"{"params":{"args":["CI",30]}}"#).await;
    let key = made.result().as_str().unwrap().to_owned();
    assert!(key.len() >= 32, "{key}");
    let bearer = format!("Bearer {key}");
    assert_eq!(who(&stand, &[("authorization", &bearer)]).await.as_deref(), Some("bna"));
    assert_eq!(who(&stand, &[("authorization", &format!("bearer {key}"))]).await.as_deref(), Some("bna"));
    assert_eq!(stand.send("GET", "/api/res.partner/", &[("authorization", &bearer)], "").await.status, 200);
    assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM partners.api_key WHERE key_sha256 = sha256('{key}') AND expires_at BETWEEN now() + interval '29 days' AND now() + interval '31 days'")).await, 1);
    // A key is no session and a session no key
    is_refused(&stand.send("GET", "/api/res.partner/", &[("x-openerp-session-id", &key)], "").await, 401, EXPIRED);
    is_refused(&stand.send("GET", "/api/res.partner/", &[("authorization", &format!("Bearer {}", bna.id))], "").await, 401, EXPIRED);
    let wrong = stand.send("GET", "/api/res.partner/", &[("authorization", "Bearer bna")], "").await;
    is_refused(&wrong, 401, EXPIRED);
    assert_eq!(wrong.headers["www-authenticate"], "Bearer");
    for args in
        [json!(["CI", 0]), json!(["CI", -1]), json!(["CI", 366]), json!(["CI", "soon"]), json!(["", 1]), json!([]), json!(["CI", 1, 2])]
    {
        let answer = bna.send("POST", "/object/res.users/action_new_api_key", &[], &json!({"params": {"args": args}}).to_string()).await;
        assert_eq!(answer.status, 422, "{args}: {}", answer.text);
    }
    // For oneself, or by an administrator
    let of_bna = uid(&admin, "bna").await;
    is_refused(&stand.login("alsalam").await.call("res.users", of_bna, "action_new_api_key", json!(["CI", 1])).await, 403, ACCESS_ERROR);
    is_refused(&stand.login("ekiclik").await.call("res.users", of_bna, "action_new_api_key", json!(["CI", 1])).await, 403, ACCESS_ERROR);
    let given = admin
        .send("POST", &format!("/object/res.users/{of_bna}/action_new_api_key"), &[], r#"{"params":{"kwargs":{"name":"CI","days":1}}}"#)
        .await
        .result();
    assert_eq!(who(&stand, &[("authorization", &format!("Bearer {}", given.as_str().unwrap()))]).await.as_deref(), Some("bna"));
    // Its time, and its user's
    let dead = |what: &'static str| {
        let (stand, bearer) = (&stand, &bearer);
        async move {
            let replica = Stand::on(&stand.database_url, &[]).await;
            assert_eq!(who(&replica, &[("authorization", bearer)]).await, None, "{what}");
        }
    };
    assert_eq!(admin.write("res.users", json!([["login", "=", "bna"]]), json!({"active": false})).await.status, 200);
    dead("archived").await;
    // It does not come back with its user; a new one has its time
    assert_eq!(admin.write("res.users", json!([["login", "=", "bna"], ["active", "=", false]]), json!({"active": true})).await.status, 200);
    dead("archived before").await;
    assert_eq!(admin.call("res.users", of_bna, "action_new_api_key", json!(["CI", 1])).await.status, 200);
    assert!(stand.count("WITH late AS (UPDATE partners.api_key SET expires_at = now() - interval '1 second' RETURNING 1) SELECT count(*) AS n FROM late").await > 0);
    dead("expired").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_stands_nowhere_in_clear_even_when_its_making_was_retried() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let made = admin
        .send("POST", "/object/res.users/action_new_api_key", &[("idempotency-key", "once")], r#"{"params":{"args":["CI",30]}}"#)
        .await;
    let key = made.result().as_str().unwrap().to_owned();
    assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM partners.idempotency WHERE answer LIKE '%{key}%'")).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_the_sessions_and_the_old_one_is_void() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, stand.login("bna").await);
    let of_bna = uid(&admin, "bna").await;
    let change = |old: &str, new: &str| {
        let body = json!({"params": {"args": [old, new]}}).to_string();
        let bna = &bna;
        async move { bna.send("POST", "/object/res.users/change_password", &[], &body).await }
    };
    let wrong = change("wrong", "better").await;
    assert_eq!(wrong.error_name(), ACCESS_DENIED);
    assert_eq!(change("bna", "").await.status, 422);
    assert_eq!(change("bna", &"x".repeat(2_000)).await.status, 422);
    assert_eq!(sessions(&stand, of_bna).await, 1);
    assert_eq!(change("bna", "better").await.result(), json!(true));
    assert_eq!(sessions(&stand, of_bna).await, 0);
    assert_eq!(post(&stand, "/auth", &[], credentials("bna", "bna")).await.status, 401);
    let bna = stand.login_with("bna", "better").await;
    // By an administrator
    is_refused(&bna.send("POST", "/object/res.users/action_set_password", &[], r#"{"params":{"args":["mine"]}}"#).await, 403, ACCESS_ERROR);
    is_refused(&stand.login("ekiclik").await.call("res.users", of_bna, "action_set_password", json!(["mine"])).await, 403, ACCESS_ERROR);
    assert_eq!(admin.call("res.users", of_bna, "action_set_password", json!(["given"])).await.result(), json!(true));
    assert_eq!(sessions(&stand, of_bna).await, 0);
    stand.login_with("bna", "given").await;
    assert_eq!(admin.write("res.users", json!([["id", "=", of_bna]]), json!({"password": "written"})).await.status, 200);
    assert_eq!(sessions(&stand, of_bna).await, 0);
    stand.login_with("bna", "written").await;
    // Nowhere in clear, and never read
    let clear = "SELECT count(*) AS n FROM partners.res_users WHERE password IS NOT NULL AND password NOT LIKE '$argon2id$%'";
    assert_eq!(stand.count(clear).await, 0);
    let told = "SELECT count(*) AS n FROM partners.event WHERE payload::text LIKE '%argon2id%' OR payload::text LIKE '%written%'";
    assert_eq!(stand.count(told).await, 0);
    assert_eq!(
        stand.count("SELECT count(*) AS n FROM partners.audit WHERE before::text LIKE '%argon2%' OR after::text LIKE '%argon2%'").await,
        0
    );
    let rows = admin.rows("res.users", &[("filter", r#"[["login","=","bna"]]"#), ("query", "{password}")]).await;
    assert_eq!(rows, [json!({"password": false})]);
    assert_eq!(admin.list("res.users", &[("filter", r#"[["password","like","$"]]"#)]).await.status, 400);
    assert_ne!(admin.list("res.users", &[("order", "password")]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_a_password_gets_in_once_one_is_given() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let made =
        id(&platform.create("res.users", json!({"name": "Samir", "login": "samir", "bank_id": "BNA", "role": "ROLE_SUPERADMIN"})).await);
    for password in ["", "samir", "false", "null"] {
        assert_eq!(post(&stand, "/auth", &[], credentials("samir", password)).await.status, 401, "{password}");
    }
    assert_eq!(admin.call("res.users", made, "action_set_password", json!(["samir"])).await.status, 200);
    let samir = stand.login("samir").await;
    let own = [("query", "{login, role, bank_id{name}}"), ("filter", r#"[["login", "=", "samir"]]"#)];
    let rows = samir.rows("res.users", &own).await;
    assert_eq!(rows, [json!({"login": "samir", "role": "ROLE_SUPERADMIN", "bank_id": {"name": "BNA"}})]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_role_or_activity_ends_the_users_sessions_on_every_replica() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let of_bna = uid(&admin, "bna").await;
    for (filter, data) in [
        (json!([["id", "=", of_bna]]), json!({"role": "ROLE_USER"})),
        (json!([["id", "=", of_bna]]), json!({"bank_id": "Alsalam"})),
        (json!([["id", "=", of_bna]]), json!({"active": false})),
    ] {
        let session = stand.login("bna").await;
        assert_eq!(session.get("/api/res.partner/?limit=1").await.status, 200);
        assert_eq!(admin.write("res.users", filter, data.clone()).await.status, 200);
        assert_eq!(sessions(&stand, of_bna).await, 0, "{data}");
        let replica = Stand::on(&stand.database_url, &[]).await;
        is_refused(&replica.send("GET", "/api/res.partner/", &[("x-openerp-session-id", &session.id)], "").await, 401, EXPIRED);
    }
    assert_eq!(post(&stand, "/auth", &[], credentials("bna", "bna")).await.status, 401);
    // A name or a code has no part in it, nor has another user
    let alsalam = stand.login("alsalam").await;
    assert_eq!(
        admin.write("res.users", json!([["login", "=", "alsalam"]]), json!({"name": "Amel", "codification": "C"})).await.status,
        200
    );
    assert_eq!(sessions(&stand, uid(&admin, "alsalam").await).await, 1);
    // One that is removed
    let of_alsalam = uid(&admin, "alsalam").await;
    assert_eq!(admin.unlink("res.users", of_alsalam).await.status, 200);
    assert_eq!(sessions(&stand, of_alsalam).await, 0);
    let replica = Stand::on(&stand.database_url, &[]).await;
    is_refused(&replica.send("GET", "/api/res.partner/", &[("x-openerp-session-id", &alsalam.id)], "").await, 401, EXPIRED);
    assert_eq!(admin.unlink("res.users", 2).await.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_four_kinds_of_users_have_the_rights_of_the_table() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    user(&admin, "staff", json!({})).await;
    user(&admin, "boss", json!({"bank_id": "BNA", "role": "ROLE_SUPERADMIN"})).await;
    let [staff, platform, boss] = [stand.login("staff").await, stand.login("ekiclik").await, stand.login("boss").await];
    let configuration = |reference: &str| json!({"manufacturer_ref": reference, "name": "Configuration"});
    // (who, writes the catalogue, writes clients, writes points of sale, makes users); a platform's role gives a bank nothing
    for (name, who, catalogue, clients, pos, users) in [
        ("admin", &admin, true, true, true, true),
        ("staff", &staff, true, false, false, false),
        ("platform", &platform, true, true, true, true),
        ("boss", &boss, false, true, false, true),
    ] {
        let cases = [
            (
                "product.template",
                catalogue,
                json!({"product_ref": format!("R-{name}"), "name": "P", "product": [configuration(&format!("M-{name}"))]}),
            ),
            ("product.category", catalogue, json!({"name": format!("Category {name}")})),
            ("product.brand", catalogue, json!({"name": format!("Brand {name}")})),
            ("res.partner", clients, json!({"name": "Client", "email": format!("{name}@example.dz")})),
            ("res.partner", pos, json!({"name": "POS", "is_pos": true, "code_pos": format!("PDV-{name}")})),
            ("res.users", users, json!({"name": "User", "login": format!("user of {name}")})),
        ];
        for (model, allowed, data) in cases {
            let answer = who.create(model, data).await;
            assert_eq!(answer.status, if allowed { 200 } else { 403 }, "{name} creates {model}: {}", answer.text);
            if !allowed {
                assert_eq!(answer.error_name(), ACCESS_ERROR);
            }
            assert_eq!(who.list(model, &[("limit", "1"), ("query", "{id}")]).await.status, 200, "{name} reads {model}");
        }
        for (model, allowed, filter) in [
            ("product.template", catalogue, json!([["manufacturer_ref", "=", "IRIS-TV55-N"]])),
            ("product.master", catalogue, json!([["ref", "=", "IRIS-TV55"]])),
            ("product.category", catalogue, json!([["name", "=", "Meubles"]])),
            ("res.partner", clients, json!([["email", "=", "mourad.belkacem@example.dz"]])),
            ("res.partner", pos, json!([["code_pos", "=", "PDVA-E-ALG-BEZ-16-01"]])),
            ("res.users", users, json!([["name", "=", "Karim Benali"]])),
        ] {
            let field = if model == "product.category" { json!({"name": "Meubles"}) } else { json!({"name": format!("By {name}")}) };
            let answer = who.write(model, filter, field.clone()).await;
            assert_eq!(answer.status, if allowed { 200 } else { 403 }, "{name} writes {model}: {}", answer.text);
            if model == "res.users" && allowed {
                assert_eq!(
                    admin.write(model, json!([["name", "=", format!("By {name}")]]), json!({"name": "Karim Benali"})).await.headers["x-records-matched"],
                    "1"
                );
            }
        }
    }
    // Rights come first, then what is wrong with the request
    for (who, model) in [(&staff, "res.partner"), (&boss, "product.template"), (&staff, "res.users")] {
        is_refused(&who.create(model, json!({"nosuch": 1})).await, 403, ACCESS_ERROR);
        is_refused(&who.send("POST", &format!("/api/{model}/"), &[], "{}").await, 403, ACCESS_ERROR);
        is_refused(&who.unlink(model, 1).await, 403, ACCESS_ERROR);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_reads_the_names_of_users_and_nothing_more() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    user(&admin, "staff", json!({})).await;
    let staff = stand.login("staff").await;
    for params in [vec![], vec![("query", "{*}")]] {
        for row in staff.rows("res.users", &params).await {
            let fields: BTreeSet<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(fields, BTreeSet::from(["display_name", "id", "name"]));
        }
    }
    for (name, value) in [
        ("query", "{login}"),
        ("query", "{name, email}"),
        ("filter", r#"[["login","=","admin"]]"#),
        ("filter", r#"[["hub_admin","=",true]]"#),
        ("order", "login"),
    ] {
        is_refused(&staff.list("res.users", &[(name, value)]).await, 403, ACCESS_ERROR);
    }
    // Not by way of another record either
    for (model, name, value) in [
        ("res.partner", "query", "{create_uid{login}}"),
        ("res.partner", "filter", r#"[["create_uid.login","=","ekiclik"]]"#),
        ("res.partner", "filter", r#"[["create_uid","any",[["role","=","ROLE_SUPERADMIN"]]]]"#),
    ] {
        is_refused(&staff.list(model, &[(name, value)]).await, 403, ACCESS_ERROR);
    }
    let rows =
        staff.rows("res.partner", &[("query", "{create_uid{name}}"), ("filter", r#"[["email","=","nadia.ziani@example.dz"]]"#)]).await;
    assert!(rows[0]["create_uid"]["name"].is_string(), "{rows:?}");
    for data in [json!({"name": "X"}), json!({"hub_admin": true})] {
        is_refused(&staff.write("res.users", json!([["name", "=", "staff"]]), data).await, 403, ACCESS_ERROR);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_integration_user_writes_the_platforms_users_but_not_who_they_are() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let of_bna = uid(&admin, "bna").await;
    let before = stand.count(&format!("SELECT version AS n FROM partners.res_users WHERE id = {of_bna}")).await;
    for (field, value) in [
        ("login", json!("mine")),
        ("password", json!("mine")),
        ("hub_admin", json!(true)),
        ("bank_id", json!("Alsalam")),
        ("bank_id", Value::Null),
    ] {
        for path in ["/api/res.users/".to_owned(), format!("/api/res.users/{of_bna}")] {
            let body = json!({"params": {"filter": [["login", "=", "bna"]], "data": {field: value, "name": "X"}}}).to_string();
            is_refused(&platform.send("PUT", &path, &[], &body).await, 403, ACCESS_ERROR);
        }
    }
    assert_eq!(stand.count(&format!("SELECT version AS n FROM partners.res_users WHERE id = {of_bna}")).await, before);
    // Nor by sending the user again
    for data in [json!({"bank_id": "Alsalam"}), json!({"password": "mine"}), json!({"hub_admin": true})] {
        let mut again = json!({"name": "Karim", "login": "bna"});
        again.as_object_mut().unwrap().extend(data.as_object().cloned().unwrap());
        is_refused(&platform.create("res.users", again).await, 403, ACCESS_ERROR);
    }
    for role in ["ROLE_USER", "ROLE_POS_EK", "ROLE_CREDIT_ANALYST_EK", "ROLE_ADMIN", "ROLE_SUPERADMIN"] {
        let put = platform
            .write(
                "res.users",
                json!([["login", "=", "bna"]]),
                json!({"role": role, "codification": "C", "code_pos": "P", "create_by": "odoo"}),
            )
            .await;
        assert_eq!(put.status, 200, "{}", put.text);
    }
    // The hub's own users do not exist for it
    user(&admin, "staff", json!({})).await;
    let staff = uid(&admin, "staff").await;
    for hidden in [1, 2, staff] {
        is_refused(&platform.get(&format!("/api/res.users/{hidden}")).await, 404, "odoo.exceptions.MissingError");
        let body = json!({"params": {"data": {"name": "X"}}}).to_string();
        is_refused(&platform.send("PUT", &format!("/api/res.users/{hidden}"), &[], &body).await, 404, "odoo.exceptions.MissingError");
        is_refused(&platform.unlink("res.users", hidden).await, 404, "odoo.exceptions.MissingError");
    }
    let put = platform.write("res.users", json!([["login", "in", ["admin", "staff"]]]), json!({"name": "X"})).await;
    assert_eq!((put.status, put.headers["x-records-matched"].as_str()), (200, "0"));
    let logins: BTreeSet<String> =
        platform.rows("res.users", &[("query", "{login}")]).await.iter().map(|row| row["login"].as_str().unwrap().to_owned()).collect();
    assert_eq!(logins, BTreeSet::from(["alsalam", "bna", "ekiclik"].map(str::to_owned)));
    // And a user that it makes is the platform's
    let made = id(&platform.create("res.users", json!({"name": "N", "login": "new", "create_by": "odoo"})).await);
    let row = admin.get(&format!("/api/res.users/{made}?query={}", encode("{create_by, hub_admin}"))).await;
    assert_eq!(row.json(), json!({"create_by": "ekiclik", "hub_admin": false}));
}

#[tokio::test(flavor = "multi_thread")]
async fn hub_admin_is_given_by_administrators_and_to_the_hubs_own_users_alone() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    user(&admin, "staff", json!({})).await;
    for (login, status) in [("bna", 422), ("ekiclik", 422), ("staff", 200)] {
        let put = admin.write("res.users", json!([["login", "=", login]]), json!({"hub_admin": true})).await;
        assert_eq!(put.status, status, "{login}: {}", put.text);
    }
    let staff = stand.login("staff").await;
    assert_eq!(staff.create("res.bank", json!({"name": "New bank"})).await.status, 200);
    // A role of the platform's gives nothing on the hub's side
    user(&admin, "clerk", json!({"role": "ROLE_SUPERADMIN"})).await;
    is_refused(&stand.login("clerk").await.create("res.bank", json!({"name": "Other"})).await, 403, ACCESS_ERROR);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banks_user_reads_itself_and_nobody_else() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, stand.login("bna").await);
    let own = uid(&admin, "bna").await;
    let rows = bna.rows("res.users", &[("query", "{login, bank_id{name}}")]).await;
    assert_eq!(rows, [json!({"login": "bna", "bank_id": {"name": "BNA"}})]);
    assert_eq!(bna.get(&format!("/api/res.users/{own}")).await.status, 200);
    for hidden in [1, 2, uid(&admin, "alsalam").await, uid(&admin, "ekiclik").await] {
        is_refused(&bna.get(&format!("/api/res.users/{hidden}")).await, 404, "odoo.exceptions.MissingError");
    }
    is_refused(&bna.write("res.users", json!([["id", "=", own]]), json!({"role": "ROLE_ADMIN"})).await, 403, ACCESS_ERROR);
    // Nor by way of a client that another user made
    let made = bna
        .rows("res.partner", &[("filter", r#"[["email","=","mourad.belkacem@example.dz"]]"#), ("query", "{create_uid, write_uid{login}}")])
        .await;
    assert_eq!(made, [json!({"create_uid": false, "write_uid": {"login": false}})]);
    assert!(bna.rows("res.partner", &[("filter", r#"[["create_uid.login","in",["__system__","admin","ekiclik"]]]"#)]).await.is_empty());
    let banks = bna.rows("res.bank", &[("query", "{name}")]).await;
    assert_eq!(banks, [json!({"name": "BNA"})]);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_counted_by_login_and_address_and_lock_no_real_user_out() {
    let stand = Stand::with(&[("TRUSTED_PROXIES", "127.0.0.1"), ("LOGIN_FAILURES", "3"), ("ADDRESS_FAILURES", "5")]).await;
    // The real user has logged in from where it works
    assert_eq!(login_from(&stand, "10.0.0.1", "bna", "bna").await.status, 200);
    for _ in 0..3 {
        is_refused(&login_from(&stand, "10.6.6.6", "bna", "guess").await, 401, ACCESS_DENIED);
    }
    let throttled = login_from(&stand, "10.6.6.6", "bna", "bna").await;
    assert_eq!(throttled.status, 429, "{}", throttled.text);
    assert!(throttled.headers["retry-after"].parse::<u32>().unwrap() > 0);
    // On Odoo's own door the same is told as Odoo would
    let web = post(&stand, "/web/session/authenticate", &[("x-forwarded-for", "10.6.6.6")], credentials("bna", "bna")).await;
    assert_eq!((web.status, web.error_name().as_str()), (200, ACCESS_DENIED));
    // Neither the user nor the address is locked for others
    assert_eq!(login_from(&stand, "10.0.0.1", "bna", "bna").await.status, 200);
    assert_eq!(login_from(&stand, "10.6.6.6", "alsalam", "alsalam").await.status, 200);
    // A second replica counts the same failures
    let replica = Stand::on(&stand.database_url, &[("TRUSTED_PROXIES", "127.0.0.1"), ("LOGIN_FAILURES", "3")]).await;
    assert_eq!(login_from(&replica, "10.6.6.6", "bna", "bna").await.status, 429);
    // An address that tries many logins is refused for those whom it never logged in, and for nobody else
    for login in ["a", "b", "c", "d", "e"] {
        is_refused(&login_from(&stand, "10.0.0.1", login, "guess").await, 401, ACCESS_DENIED);
    }
    assert_eq!(login_from(&stand, "10.0.0.1", "admin", "admin").await.status, 429);
    assert_eq!(login_from(&stand, "10.0.0.1", "bna", "bna").await.status, 200);
    // The known pair's own budget has an end too
    for _ in 0..3 {
        is_refused(&login_from(&stand, "10.0.0.1", "bna", "guess").await, 401, ACCESS_DENIED);
    }
    assert_eq!(login_from(&stand, "10.0.0.1", "bna", "bna").await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn log_ins_that_succeed_do_not_count() {
    let stand = Stand::with(&[("LOGIN_FAILURES", "2"), ("ADDRESS_FAILURES", "4")]).await;
    for _ in 0..8 {
        assert_eq!(post(&stand, "/auth", &[], credentials("bna", "bna")).await.status, 200);
    }
    // A mistake is forgiven by the log-in that follows it
    for _ in 0..3 {
        assert_eq!(post(&stand, "/auth", &[], credentials("bna", "oops")).await.status, 401);
        assert_eq!(post(&stand, "/auth", &[], credentials("bna", "bna")).await.status, 200);
    }
    // A failed key is no failed log-in
    for at in 0..20 {
        assert_eq!(stand.send("GET", "/api/res.bank/", &[("authorization", &format!("Bearer wrong-{at}"))], "").await.status, 401);
    }
    assert_eq!(post(&stand, "/auth", &[], credentials("alsalam", "alsalam")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_believed_from_our_proxies_only() {
    let failures = [("LOGIN_FAILURES", "2")];
    // Nobody is trusted: whatever is claimed, the peer counts
    let stand = Stand::with(&failures).await;
    for claimed in ["10.0.0.1", "10.0.0.2"] {
        is_refused(&login_from(&stand, claimed, "bna", "guess").await, 401, ACCESS_DENIED);
    }
    assert_eq!(login_from(&stand, "10.0.0.3", "bna", "bna").await.status, 429);
    // Behind our proxies the address that the nearest of them heard counts, not what stands left of it
    let stand = Stand::with(&[("TRUSTED_PROXIES", "127.0.0.1, 10.9.9.9"), failures[0]]).await;
    for claimed in ["1.1.1.1, 10.0.0.1", "2.2.2.2,10.0.0.1, 10.9.9.9"] {
        is_refused(&login_from(&stand, claimed, "bna", "guess").await, 401, ACCESS_DENIED);
    }
    assert_eq!(login_from(&stand, "3.3.3.3, 10.0.0.1", "bna", "bna").await.status, 429);
    assert_eq!(login_from(&stand, "10.0.0.1, 4.4.4.4", "bna", "bna").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_a_header_line_of_its_own_counts_as_the_last_of_the_list() {
    let stand = Stand::with(&[("TRUSTED_PROXIES", "127.0.0.1"), ("LOGIN_FAILURES", "2")]).await;
    // Some proxies add a line and leave the client's own where it is
    let from = |claimed: &'static str, password: &'static str| {
        let stand = &stand;
        async move { post(stand, "/auth", &[("x-forwarded-for", claimed), ("x-forwarded-for", "10.0.0.1")], credentials("bna", password)).await }
    };
    for claimed in ["1.1.1.1", "2.2.2.2"] {
        is_refused(&from(claimed, "guess").await, 401, ACCESS_DENIED);
    }
    assert_eq!(from("3.3.3.3", "bna").await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_is_the_truth_and_the_body_odoos_envelope() {
    let stand = Stand::with(&[("MAX_BODY", "2000")]).await;
    let admin = stand.login("admin").await;
    let long = format!(r#"{{"params":{{"data":{{"name":"{}"}}}}}}"#, "x".repeat(2_000));
    let cases = [
        ("GET", "/api/res.bank/", "none", "", 401, EXPIRED),
        ("GET", "/api/no.such/", "", "", 404, "builtins.KeyError"),
        ("POST", "/api/no.such/", "", r#"{"params":{"data":{}}}"#, 404, "odoo.exceptions.ValidationError"),
        ("GET", "/api/res.bank/999999", "", "", 404, "odoo.exceptions.MissingError"),
        ("GET", "/nowhere", "", "", 404, "werkzeug.exceptions.NotFound"),
        ("POST", "/call", "", "{}", 404, "werkzeug.exceptions.NotFound"),
        ("GET", "/feed", "", "", 404, "werkzeug.exceptions.NotFound"),
        ("PATCH", "/api/res.bank/", "", "{}", 405, "werkzeug.exceptions.HTTPException"),
        ("POST", "/api/res.bank/1", "", "{}", 405, "werkzeug.exceptions.HTTPException"),
        ("GET", "/auth", "", "", 405, "werkzeug.exceptions.HTTPException"),
        ("GET", "/object/res.users/change_password", "", "", 405, "werkzeug.exceptions.HTTPException"),
        ("POST", "/api/res.bank/", "", &long, 413, "werkzeug.exceptions.HTTPException"),
        ("POST", "/api/res.bank/", "text/plain", "{}", 415, "werkzeug.exceptions.HTTPException"),
        ("POST", "/api/res.bank/", "", "{", 400, "werkzeug.exceptions.BadRequest"),
        ("POST", "/api/res.bank/", "", "[1]", 400, "werkzeug.exceptions.BadRequest"),
        ("POST", "/api/res.bank/", "", r#"{"params":{"data":{"name":"a","name":"b"}}}"#, 400, "werkzeug.exceptions.BadRequest"),
        ("POST", "/api/res.bank/", "", r#"{"params":{"data":{"name":"a\u0000b"}}}"#, 400, "werkzeug.exceptions.BadRequest"),
        ("GET", "/api/res.bank/?filter=%5B", "", "", 400, "builtins.ValueError"),
        ("GET", "/api/res.bank/?query=%7Bnosuch%7D", "", "", 400, "QuerySyntaxError"),
    ];
    for (method, path, kind, body, status, name) in cases {
        let session: &[(&str, &str)] = if kind == "none" { &[] } else { &[("x-openerp-session-id", &admin.id)] };
        let mut headers = vec![("content-type", if kind == "text/plain" { kind } else { "application/json" })];
        headers.extend_from_slice(session);
        let answer = stand.send(method, path, &headers, body).await;
        assert_eq!((answer.status, answer.error_name().as_str()), (status, name), "{method} {path}: {}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/json; charset=utf-8", "{method} {path}");
        let envelope = answer.json();
        assert_eq!(
            (&envelope["jsonrpc"], &envelope["id"], &envelope["error"]["data"]["debug"]),
            (&json!("2.0"), &Value::Null, &json!("")),
            "{method} {path}"
        );
        assert_eq!(envelope["error"]["data"]["exception_type"].as_str(), name.rsplit('.').next());
        assert_eq!(answer.headers.contains_key("allow"), status == 405, "{method} {path}");
    }
    let allow = |path: &'static str| {
        let stand = &stand;
        async move {
            let answer = stand.send("PATCH", path, &[JSON], "{}").await;
            answer.headers["allow"].split(',').map(|verb| verb.trim().to_owned()).collect::<BTreeSet<_>>()
        }
    };
    assert_eq!(allow("/api/res.bank").await, BTreeSet::from(["GET", "HEAD", "POST", "PUT", "DELETE"].map(str::to_owned)));
    assert_eq!(allow("/api/res.bank/1/").await, BTreeSet::from(["GET", "HEAD", "PUT", "DELETE"].map(str::to_owned)));
    assert_eq!(allow("/auth/").await, BTreeSet::from(["POST".to_owned()]));
    let unknown = admin.get("/api/no.such/").await;
    assert_eq!(unknown.error(), "The model `no.such` does not exist.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_json_is_told_with_line_and_column() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let body = "{\"params\": {\"data\": {\"name\": \"x\",\n \"email\": \"a@b\",}}}";
    for path in ["/api/res.partner/", "/object/res.users/change_password", "/auth", "/web/session/authenticate", "/web/session/check"] {
        let answer = admin.send("POST", path, &[], body).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
        assert!(answer.error().contains("trailing comma at line 2 column 17"), "{path}: {}", answer.error());
    }
    // The seed's own examples as printed
    let comment = admin.send("POST", "/api/res.partner/", &[], "{\"params\": {\n // client\n \"data\": {}}}").await;
    assert_eq!(comment.status, 400);
    assert!(comment.error().contains("line 2 column 2"), "{}", comment.error());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_character_that_cant_be_stored_is_the_callers_mistake() {
    let stand = Stand::new().await;
    let nul = "a\0b";
    for params in [json!({"login": nul, "password": "x"}), json!({"login": "admin", "password": nul})] {
        for path in ["/auth", "/web/session/authenticate"] {
            let answer = post(&stand, path, &[], json!({"params": params})).await;
            assert!(matches!(answer.error_name().as_str(), ACCESS_DENIED | "werkzeug.exceptions.BadRequest"), "{path}: {}", answer.text);
        }
    }
    is_refused(&stand.send("GET", "/api/res.bank/?session_id=a%00b", &[], "").await, 401, EXPIRED);
    is_refused(&post(&stand, "/api/res.bank/", &[], json!({"params": {"session_id": nul, "data": {}}})).await, 401, EXPIRED);
    let destroyed = post(&stand, "/web/session/destroy", &[], json!({"params": {"session_id": nul}})).await;
    assert!(!destroyed.text.contains("Trace id"), "{}", destroyed.text);
    let admin = stand.login("admin").await;
    for params in ["filter=%5B%5B%22name%22%2C%22%3D%22%2C%22a%5Cu0000%22%5D%5D", "query=%7Bname%00%7D", "order=name%00"] {
        let answer = admin.get(&format!("/api/res.bank/?{params}")).await;
        assert!(matches!(answer.status, 400 | 422), "{params}: {} {}", answer.status, answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_come_with_200_for_clients_that_need_it() {
    let stand = Stand::with(&[("ERROR_STATUS", "odoo")]).await;
    is_refused(&post(&stand, "/auth", &[], credentials("admin", "wrong")).await, 200, ACCESS_DENIED);
    let admin = stand.login("admin").await;
    is_refused(&stand.send("GET", "/api/res.bank/", &[], "").await, 200, EXPIRED);
    is_refused(&admin.get("/api/no.such/").await, 200, "builtins.KeyError");
    is_refused(&admin.get("/api/res.bank/999999").await, 200, "odoo.exceptions.MissingError");
    is_refused(&admin.create("res.partner", json!({"email": "a@x.dz"})).await, 200, "odoo.exceptions.ValidationError");
    is_refused(&stand.login("bna").await.create("res.bank", json!({"name": "A"})).await, 200, ACCESS_ERROR);
    is_refused(&admin.send("POST", "/object/res.users/_session", &[], "{}").await, 200, ACCESS_ERROR);
    assert_eq!(admin.get("/api/res.bank/").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn private_methods_are_called_by_nobody_from_outside() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    for path in [
        "res.users/_authenticate",
        "res.users/_session",
        "res.users/_api_key",
        "res.users/2/_destroy",
        "res.partner/_existing",
        "res.bank/_named",
        "product.template/_referring",
        "res.partner/_nosuch",
    ] {
        let answer = admin.send("POST", &format!("/object/{path}"), &[], r#"{"params":{"kwargs":{"ids":[1],"name":"BNA"}}}"#).await;
        is_refused(&answer, 403, ACCESS_ERROR);
        let method = path.rsplit('/').next().unwrap();
        assert_eq!(answer.error(), format!("Private methods (such as {method}) cannot be called remotely."));
    }
    let unknown = admin.send("POST", "/object/res.partner/nosuch", &[], "{}").await;
    assert_eq!(
        (unknown.error_name().as_str(), unknown.error().as_str()),
        ("builtins.AttributeError", "The method 'nosuch' does not exist on the model 'res.partner'")
    );
    // Without a session nobody learns of methods or models
    for path in ["/object/res.users/_session", "/object/no.such/x"] {
        is_refused(&post(&stand, path, &[], json!({})).await, 401, EXPIRED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_with_and_without_its_slash_by_itself() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    for slash in ["", "/"] {
        for path in ["/auth", "/web/session/authenticate"] {
            assert_eq!(post(&stand, &format!("{path}{slash}"), &[], credentials("admin", "admin")).await.status, 200, "{path}{slash}");
        }
        for path in ["/api/res.bank", "/api/res.bank/1"] {
            assert_eq!(admin.get(&format!("{path}{slash}?query={}", encode("{name}"))).await.status, 200, "{path}{slash}");
        }
        let named = format!("Bank{}", slash.len());
        let made =
            admin.send("POST", &format!("/api/res.bank{slash}"), &[], &json!({"params": {"data": {"name": named}}}).to_string()).await;
        let made = id(&made);
        let body = json!({"params": {"data": {"bic": "X"}}}).to_string();
        assert_eq!(admin.send("PUT", &format!("/api/res.bank/{made}{slash}"), &[], &body).await.status, 200);
        let body = json!({"params": {"data": {"bic": "Y"}, "filter": [["id", "=", made]]}}).to_string();
        assert_eq!(admin.send("PUT", &format!("/api/res.bank{slash}"), &[], &body).await.status, 200);
        assert_eq!(admin.send("DELETE", &format!("/api/res.bank/{made}{slash}"), &[], "").await.status, 200);
        let key = admin.send("POST", &format!("/object/res.users/action_new_api_key{slash}"), &[], r#"{"params":{"args":["CI",1]}}"#).await;
        assert_eq!(key.status, 200, "{}", key.text);
        let key =
            admin.send("POST", &format!("/object/res.users/2/action_new_api_key{slash}"), &[], r#"{"params":{"args":["CI",1]}}"#).await;
        assert_eq!(key.status, 200, "{}", key.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requests_id_is_echoed_whatever_its_type() {
    let stand = Stand::new().await;
    for sent in ["1", "\"a\"", "null", "1.50", "{\"a\":[1]}", "[]", "true"] {
        for password in ["admin", "wrong"] {
            let body = format!(r#"{{"jsonrpc":"2.0","method":"call","id":{sent},"params":{{"login":"admin","password":"{password}"}}}}"#);
            let answer = stand.send("POST", "/auth", &[JSON], body).await;
            assert!(answer.text.starts_with(&format!(r#"{{"jsonrpc":"2.0","id":{sent},"#)), "{}", answer.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_pages_may_ask_from_the_listed_origins_only() {
    let stand = Stand::with(&[("CORS_ORIGINS", "https://bank.example,https://other.example")]).await;
    let session = stand.login("admin").await;
    let ask = |origin: &'static str| {
        let stand = &stand;
        async move {
            stand
                .send(
                    "OPTIONS",
                    "/api/res.partner/",
                    &[("origin", origin), ("access-control-request-method", "PUT"), ("access-control-request-headers", "content-type")],
                    "",
                )
                .await
        }
    };
    for origin in ["https://bank.example", "https://other.example"] {
        let preflight = ask(origin).await;
        assert_eq!(
            (preflight.status, preflight.text.as_str(), preflight.headers["access-control-allow-origin"].as_str()),
            (204, "", origin)
        );
        assert!(preflight.headers["access-control-allow-methods"].contains("PUT"));
        assert!(preflight.headers["access-control-allow-headers"].contains("content-type"));
        for path in ["/api/res.bank/", "/api/no.such/"] {
            let answer = session.send("GET", path, &[("origin", origin)], "").await;
            assert_eq!(answer.headers["access-control-allow-origin"], origin);
            assert!(answer.headers["vary"].to_lowercase().contains("origin"));
        }
    }
    for origin in ["https://evil.example", "https://bank.example.evil.example", "http://bank.example", "null"] {
        assert!(!ask(origin).await.headers.contains_key("access-control-allow-origin"), "{origin}");
        assert_ne!(ask(origin).await.status, 204);
        let answer = session.send("GET", "/api/res.bank/", &[("origin", origin)], "").await;
        assert_eq!((answer.status, answer.headers.contains_key("access-control-allow-origin")), (200, false));
    }
}
