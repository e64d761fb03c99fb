//! What the doors refuse before anything is asked of them, and in which form they say it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use system_tests::{Stand, encode, id};

use crate::{ACCESS_DENIED, ACCESS_ERROR, EXPIRED, JSON, credentials, is_refused, post};

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
