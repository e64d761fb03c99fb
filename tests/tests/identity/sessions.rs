//! Log-in, sessions and what carries them, keys and passwords.

use serde_json::json;
use system_tests::{Answer, Stand, id};

use crate::{ACCESS_DENIED, ACCESS_ERROR, EXPIRED, JSON, credentials, is_refused, post, uid};

/// Who a request with these headers is, by asking for the session's facts; `None` where it is nobody.
async fn who(stand: &Stand, headers: &[(&str, &str)]) -> Option<String> {
    let answer = post(stand, "/web/session/get_session_info", headers, json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["result"]["username"].as_str().map(str::to_owned)
}

/// The session's id in an answer's cookie.
fn cookie_of(answer: &Answer) -> String {
    let cookie = answer.headers.get("set-cookie").unwrap_or_else(|| panic!("no cookie: {} {}", answer.status, answer.text));
    cookie.strip_prefix("session_id=").unwrap().split(';').next().unwrap().to_owned()
}

fn is_id(id: &str) -> bool {
    id.len() == 40 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
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
