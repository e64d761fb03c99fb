//! What somebody may try: other banks' records, other rights, other sites' pages, addresses that lead home, methods and bytes that
//! nobody is meant to send. docs/faults.md tells which line of the list each is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use service::directory::SERVICES;
use system_tests::platform::{Platform, SECRET, platform_of};
use system_tests::stock::{ALGER, Goods, TV};
use system_tests::{Answer, Session, Stand, id, refused, registries, until};

fn lead(bank: &str, order: i64, email: &str) -> Value {
    json!({"order_source": bank, "cart_id": order, "partner": {"email": email, "salary": 90000}, "quotation_address": {"ek_order_id": order},
        "cart": [{"manufacturer_ref": TV, "quantity": 1, "product_warehouse_id": ALGER}]})
}

async fn step(session: &Session<'_>, bank: &str, order: i64, state: &str) {
    let answer = session.write("sale.order", json!([["ek_order_id", "=", order]]), json!({"order_source": bank, "state": state})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Two banks with a platform, a client, an order, an invoice and deliveries each.
async fn two_banks(stand: &Stand) -> (Platform, Platform) {
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let platforms = (Platform::new().await, Platform::new().await);
    Goods::count(&admin, ALGER, TV, 10.0).await;
    let purchase =
        json!({"create_by": "ek", "partner_id": ALGER, "order_line": [{"product_id": TV, "product_qty": 1, "price_unit": 6000}]});
    id(&ekiclik.create("purchase.order", purchase).await);
    for (bank, platform, order) in [("BNA", &platforms.0, 50_001), ("Alsalam", &platforms.1, 50_002)] {
        platform_of(&admin, bank, &platform.url).await;
        let email = format!("client-{order}@example.dz");
        id(&ekiclik.create("res.partner", json!({"name": format!("Client {order}"), "email": email, "source": bank})).await);
        id(&ekiclik.create("crm.lead", lead(bank, order, &email)).await);
        for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY"] {
            step(&ekiclik, bank, order, state).await;
        }
        // The last by the hub's own: what a bank causes it does not hear
        let delivered = admin.write("sale.order", json!([["ek_order_id", "=", order]]), json!({"state": "EK_ORDER_DELIVERED"})).await;
        assert_eq!(delivered.status, 200, "{}", delivered.text);
        platform.hears("its order", |call| call.line == format!("PUT /api/odoo/order/{order}")).await;
    }
    platforms
}

#[tokio::test(flavor = "multi_thread")]
async fn of_no_model_does_a_bank_see_or_touch_anothers_record_by_any_way() {
    let stand = Stand::new().await;
    let _platforms = two_banks(&stand).await;
    let (admin, bna, alsalam) = (stand.login("admin").await, stand.login("bna").await, stand.login("alsalam").await);
    let ids = async |who: &Session<'_>, model: &str| -> BTreeSet<i64> {
        let filter = r#"[["id", ">", 0]]"#;
        let answer = who.list(model, &[("query", "{id}"), ("filter", filter)]).await;
        match answer.status {
            200 => answer.json()["result"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect(),
            _ => BTreeSet::new(),
        }
    };
    let mut looked_at = BTreeMap::new();
    for model in SERVICES.iter().flat_map(|(_, models)| *models) {
        let (all, own, others) = (ids(&admin, model).await, ids(&bna, model).await, ids(&alsalam, model).await);
        // What is another bank's alone, or nobody's but the hub's
        for foreign in all.difference(&own).take(5) {
            let absent = 999_999;
            let both = async |of: i64| -> Vec<Answer> {
                vec![
                    bna.get(&format!("/api/{model}/{of}")).await,
                    bna.send("PUT", &format!("/api/{model}/{of}"), &[], r#"{"params":{"data":{"name":"Mine"}}}"#).await,
                    bna.unlink(model, of).await,
                    bna.call(model, of, "action_replay", json!([])).await,
                    bna.call(model, of, "action_confirm", json!([])).await,
                    bna.list(model, &[("filter", &format!(r#"[["id", "=", {of}]]"#))]).await,
                    bna.write(model, json!([["id", "=", of]]), json!({"name": "Mine"})).await,
                ]
            };
            // But for the id that was asked for
            let texts = |answers: Vec<Answer>| -> Vec<_> {
                answers.into_iter().map(|answer| (answer.status, answer.text.replace(|c: char| c.is_ascii_digit(), ""))).collect()
            };
            let (theirs, none) = (texts(both(*foreign).await), texts(both(absent).await));
            assert_eq!(theirs, none, "{model} {foreign}: another bank's record is as one that is not there");
            *looked_at.entry(*model).or_insert(0) += 1;
        }
        // Looked at after: what is refused is kept a moment later, and the bank may have seen it first
        assert!(own.is_empty() || own.is_subset(&ids(&admin, model).await), "{model}");
        let shared: Vec<_> = own.intersection(&others).collect();
        if ["sale.order", "sale.order.line", "crm.lead", "account.move", "account.move.line", "ek.delivery", "ek.platform"].contains(model)
        {
            assert!(shared.is_empty() && !own.is_empty(), "{model}: {shared:?}");
        }
    }
    for model in ["res.partner", "res.users", "crm.lead", "sale.order", "account.move", "stock.picking", "ek.delivery", "ek.platform"] {
        assert!(looked_at.contains_key(model), "nothing of {model} was foreign: {looked_at:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banks_listener_does_not_learn_which_other_bank_caused_a_change() {
    let stand = Stand::new().await;
    let (bna, ekiclik) = (stand.login("bna").await, stand.login("ekiclik").await);
    let mut all = stand.follow(&bna, "/events?model=product.template").await;
    let mut of_one = stand.follow(&bna, "/events?model=product.template&bank=1").await;
    all.until("the greeting", |text| text.contains("retry")).await;
    for (bank, name) in [("Alsalam", "By Alsalam"), ("BNA", "By BNA")] {
        let changed =
            ekiclik.write("product.template", json!([["manufacturer_ref", "=", TV]]), json!({"name": name, "source": bank})).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
    }
    // What was made before may still be passed on
    let text = all.until("both", |text| text.matches("event: updated").count() == 2).await;
    let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).map(|data| serde_json::from_str::<Value>(data).unwrap());
    let banks: Vec<Value> = data.filter(|data| data["kind"] == "updated").map(|data| data["bank"].clone()).collect();
    assert_eq!(banks, [Value::Null, json!(2)], "{text}");
    let probed = of_one.until("how far it is", |text| text.contains("nothing for you") || text.contains("data: ")).await;
    assert!(!probed.contains("data: "), "{probed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_field_that_the_hub_keeps_is_written_by_anybody() {
    let stand = Stand::new().await;
    let _platforms = two_banks(&stand).await;
    let hub = stand.hub.as_ref().unwrap();
    let audit = async || {
        let mut rows = 0;
        for schema in hub::OWNERS {
            rows += stand.count(&format!("SELECT count(*) AS n FROM {schema}.audit")).await;
        }
        rows
    };
    let mut users = Vec::new();
    for login in ["admin", "ekiclik", "bna"] {
        users.push(stand.login(login).await);
    }
    stand.at_rest().await;
    let before = audit().await;
    let mut tried = 0;
    for model in registries(hub).into_iter().flat_map(|(_, registry)| registry.models()) {
        let kept = model.fields.iter().filter(|field| field.readonly);
        for field in kept.filter(|field| !(model.name == "sale.order" && ["state", "ek_state"].contains(&field.name))) {
            for user in &users {
                let answer = user.write(model.name, json!([["id", ">", 0]]), json!({(field.name): 1, "context": {}})).await;
                let name = format!("{}.{}: {} {}", model.name, field.name, answer.status, answer.text);
                let is_empty = answer.headers.get("x-records-matched").is_some_and(|matched| matched == "0");
                assert!(matches!(answer.status, 403 | 404 | 422) || is_empty, "{name}");
                tried += usize::from(!is_empty);
            }
        }
    }
    assert!(tried > 500, "{tried}");
    stand.at_rest().await;
    assert_eq!(audit().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_method_but_those_that_are_told_of_can_be_called() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, stand.login("bna").await);
    let events = async || {
        stand.at_rest().await;
        stand.count("SELECT (SELECT count(*) FROM catalog.event) + (SELECT count(*) FROM partners.event) + (SELECT count(*) FROM crm.event) AS n").await
    };
    let before = events().await;
    let methods = [
        "report",
        "sudo",
        "with_user",
        "browse",
        "execute",
        "copy",
        "__init__",
        "_authenticate",
        "_read",
        "_feed",
        "_position",
        "_described",
        "_webhooks",
        "_refused",
        "%5f_authenticate",
        "%EF%BC%BFauthenticate",
        "..",
        "constructor",
        "toString",
    ];
    for session in [&admin, &bna] {
        for model in ["res.users", "product.template", "sale.order", "ek.platform", "no.such.model"] {
            for method in methods {
                for path in [format!("/object/{model}/{method}"), format!("/object/{model}/1/{method}")] {
                    let answer = session.send("POST", &path, &[], r#"{"params": {"args": [], "kwargs": {}}}"#).await;
                    assert!(matches!(answer.status, 403 | 404), "{path}: {} {}", answer.status, answer.text);
                }
            }
        }
    }
    assert_eq!(events().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_changes_nothing_by_a_cookie_by_any_method() {
    let stand = Stand::new().await;
    let session = stand.login("admin").await;
    let cookie = format!("session_id={}", session.id);
    let rows = async || stand.count("SELECT (SELECT count(*) FROM catalog.event) + (SELECT count(*) FROM partners.event) AS n").await;
    let before = rows().await;
    let body = json!({"params": {"filter": [["id", "=", 1]], "data": {"name": "Theirs"}, "args": [], "kwargs": {"name": "k"}}}).to_string();
    for (method, path) in [
        ("POST", "/api/product.brand/"),
        ("PUT", "/api/product.brand/1"),
        ("DELETE", "/api/product.brand/1"),
        ("POST", "/object/res.users/action_new_api_key"),
    ] {
        for (name, value) in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
            for body in [body.as_str(), ""] {
                let headers = [("cookie", cookie.as_str()), ("content-type", "application/json"), (name, value)];
                let answer = stand.send(method, path, &headers, body).await;
                assert_eq!(answer.status, 403, "{method} {path} {name}: {value}: {}", answer.text);
            }
        }
    }
    assert_eq!(rows().await, before);
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.api_key").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_somebody_else_chose_or_that_ended_is_none_and_stands_in_no_record() {
    let stand = Stand::new().await;
    let chosen = "0123456789abcdef0123456789abcdef01234567";
    let body = json!({"params": {"login": "bna", "password": "bna"}}).to_string();
    let headers = [("content-type", "application/json"), ("cookie", &*format!("session_id={chosen}")), ("x-openerp-session-id", chosen)];
    let given = stand.send("POST", "/auth", &headers, body.as_str()).await.result()["session_id"].as_str().unwrap().to_owned();
    assert_ne!(given, chosen);
    assert_eq!(stand.send("GET", "/api/res.bank/", &[("x-openerp-session-id", chosen)], "").await.status, 401);
    // A session in the path's query is in no record of what was refused
    let path = format!("/api/res.partner/?session_id={given}");
    let denied = stand
        .send("PUT", &path, &[("content-type", "application/json")], r#"{"params":{"filter":[["id","=",1]],"data":{"colour":"red"}}}"#)
        .await;
    assert!(matches!(denied.status, 403 | 422), "{}", denied.text);
    until("it is kept", async || stand.count("SELECT count(*) AS n FROM sync.ek_request").await >= 1).await;
    for schema in hub::OWNERS {
        for table in ["event", "audit"] {
            assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM {schema}.{table} t WHERE t::text LIKE '%{given}%'")).await, 0);
        }
    }
    assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM sync.ek_request t WHERE t::text LIKE '%{given}%'")).await, 0);
    // Another replica that had seen it forgets it within half a minute
    let other = Stand::on(&stand.database_url, &[]).await;
    let seen = async || other.send("GET", "/api/res.bank/", &[("x-openerp-session-id", &given)], "").await.status;
    assert_eq!(seen().await, 200);
    let ended =
        stand.send("POST", "/web/session/destroy", &[("content-type", "application/json"), ("x-openerp-session-id", &given)], "{}").await;
    assert_eq!(ended.status, 200);
    system_tests::until_within(Duration::from_secs(30), "it is over there too", async || seen().await == 401).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_at_home_is_refused_when_it_is_named_when_it_moves_and_when_it_is_called() {
    let stand = Stand::with(&[("ALLOW_PRIVATE_PLATFORMS", "false")]).await;
    let admin = stand.login("admin").await;
    let own = id(&admin.create("ek.platform", json!({"name": "BNA", "base_url": "https://bank.example", "secret": SECRET})).await);
    for url in [
        "http://bank.example",
        "https://127.0.0.1",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://0x7f.1",
        "https://2130706433",
        "https://169.254.169.254",
        "https://10.0.0.1",
        "https://[64:ff9b::7f00:1]",
        "https://[2002:7f00:1::]",
        "https://[::127.0.0.1]",
        "https://localhost",
        "file:///etc/passwd",
        "https://u:p@bank.example",
    ] {
        refused(&admin.create("ek.platform", json!({"name": "Alsalam", "base_url": url, "secret": SECRET})).await, 422, &["base_url"]);
        refused(&admin.write("ek.platform", json!([["id", "=", own]]), json!({"base_url": url})).await, 422, &["base_url"]);
    }
    // Named where it was allowed, called where it is not
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    Stand::execute(&mut stand.sql().await, &format!("UPDATE sync.ek_platform SET base_url = 'https://127.0.0.1:{port}'")).await;
    assert_eq!(admin.write("product.template", json!([["id", "=", 1]]), json!({"description": "Home"})).await.status, 200);
    let told = "SELECT count(*) AS n FROM sync.ek_delivery WHERE last_error LIKE '%private or loopback%'";
    until("it is refused", async || stand.count(told).await >= 1).await;
    let connected = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
    assert!(connected.is_err(), "it was called");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_known_takes_as_long_as_a_password_that_is_wrong() {
    let stand = Stand::with(&[("LOGIN_FAILURES", "1000000"), ("ADDRESS_FAILURES", "1000000")]).await;
    let try_ = async |login: &str| {
        let body = json!({"params": {"login": login, "password": "wrong"}}).to_string();
        let started = Instant::now();
        assert_eq!(stand.send("POST", "/auth", &[("content-type", "application/json")], body).await.status, 401);
        started.elapsed()
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..25 {
        known.push(try_("admin").await);
        unknown.push(try_(&format!("nobody-{n}")).await);
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    };
    let ratio = median(&mut known) / median(&mut unknown);
    assert!((0.5..2.0).contains(&ratio), "{ratio}: {known:?} {unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_nested_without_end_and_what_no_text_can_hold_is_refused_at_every_door() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let deep = "[".repeat(100_000);
    let closed = format!("{deep}{}", "]".repeat(100_000));
    let mut nested = Vec::new();
    for value in [deep.as_str(), closed.as_str()] {
        for body in [
            format!(r#"{{"id": {value}, "params": {{}}}}"#),
            format!(r#"{{"params": {value}}}"#),
            format!(
                r#"{{"params": {{"data": {{"name": {value}}}, "args": {value}, "kwargs": {{"x": {value}}}, "context": {value}, "filter": {value}}}}}"#
            ),
        ] {
            for path in [
                "/auth",
                "/web/session/authenticate",
                "/web/session/destroy",
                "/object/res.users/action_new_api_key",
                "/api/product.brand/",
                "/api/crm.lead/",
            ] {
                nested.push((path, stand.send("POST", path, &[("content-type", "application/json")], body.clone()).await));
                if path.starts_with("/api") || path.starts_with("/object") {
                    nested.push((path, admin.send("POST", path, &[], &body).await));
                }
            }
        }
    }
    for (path, answer) in nested {
        assert!(answer.status < 500, "{path}: {} {}", answer.status, answer.text);
    }
    // Each model that is made by hand, with what no column can hold in each place
    for bad in [json!("a\u{0}b"), json!(1e300), json!(-1), json!([[]]), json!({"x": {}}), json!("9999-99-99"), json!("é".repeat(30_000))] {
        for (model, data) in [
            (
                "crm.lead",
                json!({"order_source": "BNA", "cart_id": bad, "partner": {"email": bad, "salary": bad, "birth_date": bad}, "cart": [{"manufacturer_ref": bad, "quantity": bad, "product_warehouse_id": bad}],
                "quotation_address": {"ek_order_id": bad, "street": bad, "state_id": bad}, "file_info": {"file_number": bad, "progress": bad}}),
            ),
            (
                "purchase.order",
                json!({"partner_id": bad, "date_order": bad, "user_id": bad, "order_line": [{"product_id": bad, "product_qty": bad, "price_unit": bad}]}),
            ),
            ("stock.quant", json!({"product_id": bad, "location_id": bad, "inventory_quantity": bad})),
            (
                "stock.picking",
                json!({"picking_type_code": bad, "location_id": bad, "location_dest_id": bad, "move_ids": [{"product_id": bad, "product_uom_qty": bad}]}),
            ),
            ("ek.platform", json!({"name": bad, "base_url": bad, "secret": bad, "paths": bad, "bank_id": bad})),
            ("res.users", json!({"name": bad, "login": bad, "password": bad, "role": bad, "bank_id": bad})),
            (
                "product.template",
                json!({"name": bad, "product_ref": bad, "product": [{"name": bad, "manufacturer_ref": bad, "attribute": [{"attribute_id": bad, "value_id": bad}]}]}),
            ),
        ] {
            let answer = admin.create(model, data).await;
            // Some of it is a name: a number is one by its digits
            let least = if model == "product.template" && (bad.is_string() || bad.is_number()) { 200 } else { 400 };
            assert!((least..500).contains(&answer.status), "{model} {bad}: {} {:.300}", answer.status, answer.text);
        }
        for (model, method) in [
            ("ek.platform", "action_replay"),
            ("ek.platform", "action_full_sync"),
            ("ek.platform", "action_compare"),
            ("stock.picking", "action_return"),
            ("res.users", "action_new_api_key"),
        ] {
            let answer = admin.call(model, 1, method, json!([bad])).await;
            assert!((200..500).contains(&answer.status), "{model}.{method} {bad}: {} {}", answer.status, answer.text);
        }
    }
    let platform = id(&admin.create("ek.platform", json!({"name": "BNA", "base_url": "http://127.0.0.1:1", "secret": SECRET})).await);
    refused(&admin.call("ek.platform", platform, "action_replay", json!(["-5000-01-01 00:00:00"])).await, 422, &["since"]);
    assert_eq!(stand.count("SELECT count(*) AS n FROM crm.crm_lead").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_entity_and_no_file_is_read_at_the_door_for_xml() {
    let stand = Stand::new().await;
    let bomb = r#"<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "x"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]><methodCall><methodName>&b;&c;</methodName></methodCall>"#;
    for path in ["/xmlrpc/2/common", "/xmlrpc/2/object", "/xmlrpc/common", "/xmlrpc/object"] {
        let answer = stand.send("POST", path, &[("content-type", "text/xml")], bomb).await;
        assert!(answer.status == 200 && answer.text.contains("<fault>") && !answer.text.contains("root:"), "{path}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_has_one_row_for_each_field_that_changed_in_every_schema_and_nobody_changes_it() {
    let stand = Stand::new().await;
    let _platforms = two_banks(&stand).await;
    let admin = stand.login("admin").await;
    let order = admin.rows("sale.order", &[("filter", r#"[["ek_order_id", "=", 50001]]"#), ("query", "{id}")]).await[0]["id"].clone();
    for (schema, model, field) in [("crm", "sale.order", "ek_state"), ("sync", "ek.platform", "active")] {
        if model == "ek.platform" {
            assert_eq!(admin.write(model, json!([["name", "=", "BNA"]]), json!({"active": false})).await.status, 200);
        }
        let rows = format!(
            "SELECT count(*) AS n FROM {schema}.audit WHERE model = '{model}' AND field = '{field}' AND before IS DISTINCT FROM after"
        );
        let events =
            format!("SELECT count(DISTINCT (record_id, version)) AS n FROM {schema}.event WHERE model = '{model}' AND kind = 'updated'");
        assert!(stand.count(&rows).await >= 1, "{model}.{field}: {order}");
        assert!(stand.count(&events).await >= stand.count(&rows).await || schema == "sync", "{model}");
    }
    for schema in hub::OWNERS {
        for change in ["UPDATE {s}.audit SET actor = 0", "DELETE FROM {s}.audit", "TRUNCATE {s}.audit"] {
            let tried = diesel_async::SimpleAsyncConnection::batch_execute(&mut stand.sql().await, &change.replace("{s}", schema)).await;
            assert!(tried.unwrap_err().to_string().contains("append-only"), "{schema}: {change}");
        }
        let strangers = format!("SELECT count(*) AS n FROM {schema}.audit WHERE actor IS NULL OR model IS NULL");
        assert_eq!(stand.count(&strangers).await, 0);
    }
}
