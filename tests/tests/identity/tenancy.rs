//! Who a user is, and what that gives: the mark of the integration user, clerks, a bank's own administrators, the last
//! administrator of the hub, API keys, passwords.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use system_tests::stock::{ALGER, BORDJ, Goods, TV, one};
use system_tests::{Answer, Session, Stand, id, refused};

/// Long enough where passwords must be.
const PASSWORD: &str = "a password of length";

async fn user(admin: &Session<'_>, login: &str, more: Value) -> i64 {
    let mut data = json!({"name": login, "login": login, "password": PASSWORD});
    data.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    id(&admin.create("res.users", data).await)
}

async fn uid(admin: &Session<'_>, login: &str) -> i64 {
    let filter = json!([["login", "=", login], ["active", "in", [true, false]]]).to_string();
    admin.rows("res.users", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
}

fn lead(bank: &str, order: i64, pos: &str) -> Value {
    json!({"order_source": bank, "cart_id": order, "partner": {"email": format!("client-{order}@example.dz"), "salary": 90000},
        "code_pos": pos, "quotation_address": {"ek_order_id": order},
        "cart": [{"manufacturer_ref": TV, "quantity": 1, "product_warehouse_id": pos}]})
}

async fn ids(who: &Session<'_>, model: &str) -> BTreeSet<i64> {
    let answer = who.list(model, &[("query", "{id}"), ("filter", r#"[["id", ">", 0]]"#)]).await;
    match answer.status {
        200 => answer.json()["result"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect(),
        403 => BTreeSet::new(),
        _ => panic!("{model}: {}", answer.text),
    }
}

/// Orders of BNA at two points of sale, one of Alsalam, and a purchase.
async fn goods_and_orders(admin: &Session<'_>) {
    Goods::count(admin, ALGER, TV, 10.0).await;
    Goods::count(admin, BORDJ, TV, 10.0).await;
    for (bank, order, pos) in [("BNA", 70_001, ALGER), ("BNA", 70_002, BORDJ), ("Alsalam", 70_003, ALGER)] {
        id(&admin.create("crm.lead", lead(bank, order, pos)).await);
    }
    let bought = json!({"partner_id": ALGER, "order_line": [{"product_id": TV, "product_qty": 2, "price_unit": 41000}]});
    let purchase = id(&admin.create("purchase.order", bought).await);
    assert_eq!(admin.call("purchase.order", purchase, "button_confirm", json!([])).await.status, 200);
}

const NOTHING: &[&str] = &[
    "res.partner",
    "res.partner.bank",
    "res.bank",
    "crm.lead",
    "sale.order",
    "sale.order.line",
    "account.move",
    "account.move.line",
    "stock.quant",
    "stock.move",
    "stock.move.line",
    "stock.picking",
    "stock.warehouse",
    "stock.location",
    "purchase.order",
    "purchase.order.line",
    "ek.platform",
    "ek.delivery",
    "ek.attempt",
    "ek.sync",
    "ek.odoo",
    "ek.odoo.run",
    "ek.odoo.record",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_the_platform_with_neither_mark_nor_bank_sees_itself_and_the_catalogue() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    goods_and_orders(&admin).await;
    for (login, role) in [("seller", json!("ROLE_USER")), ("chief", json!("ROLE_SUPERADMIN")), ("none", Value::Null)] {
        let own = user(&admin, login, json!({"create_by": "ekiclik", "role": role})).await;
        let seller = stand.login_with(login, PASSWORD).await;
        assert_eq!(ids(&seller, "res.users").await, BTreeSet::from([own]));
        assert!(!ids(&seller, "product.template").await.is_empty() && !ids(&seller, "product.category").await.is_empty());
        for model in NOTHING {
            let seen: BTreeSet<i64> = ids(&seller, model).await;
            assert!(seen.is_empty(), "{login} sees {model}: {seen:?}");
            let first = ids(&admin, model).await.into_iter().next();
            if let Some(first) = first {
                assert!(matches!(seller.get(&format!("/api/{model}/{first}")).await.status, 403 | 404), "{login} {model}");
                assert!(matches!(seller.unlink(model, first).await.status, 403 | 404), "{login} {model}");
            }
        }
        for (model, data) in [
            ("crm.lead", lead("BNA", 70_009, ALGER)),
            ("res.partner", json!({"name": "A", "email": "a@example.dz"})),
            ("res.users", json!({"name": "B", "login": format!("by {login}"), "role": "ROLE_SUPERADMIN"})),
            ("product.brand", json!({"name": "Brand"})),
        ] {
            assert_eq!(seller.create(model, data).await.status, 403, "{login} makes {model}");
        }
        refused(&seller.write("res.users", json!([["id", "=", own]]), json!({"role": "ROLE_SUPERADMIN"})).await, 403, &[]);
        for (model, field) in [("sale.order", "partner_id"), ("crm.lead", "order_ids")] {
            let across = seller.list(model, &[("query", &format!("{{{field}{{id}}}}"))]).await;
            assert!(across.status == 403 || across.result() == json!([]), "{}", across.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mark_of_the_integration_user_is_given_by_administrators_alone() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    user(&admin, "boss", json!({"bank_id": "BNA", "role": "ROLE_SUPERADMIN"})).await;
    user(&admin, "staff", json!({})).await;
    let own = uid(&admin, "ekiclik").await;
    let (boss, staff) = (stand.login_with("boss", PASSWORD).await, stand.login_with("staff", PASSWORD).await);
    for who in [&ekiclik, &boss, &staff] {
        for mark in [json!(true), json!(false)] {
            let data = json!({"name": "N", "login": "new", "create_by": "ekiclik", "integration": mark});
            refused(&who.create("res.users", data).await, 403, &[]);
            assert!(matches!(who.write("res.users", json!([["id", "=", own]]), json!({"integration": mark})).await.status, 200 | 403));
        }
    }
    assert_eq!(one(&admin, "res.users", own, "{integration}").await["integration"], true);
    // Whom the platform makes is no second integration user
    let made = id(&ekiclik.create("res.users", json!({"name": "N", "login": "new", "role": "ROLE_SUPERADMIN"})).await);
    assert_eq!(one(&admin, "res.users", made, "{integration, create_by}").await, json!({"integration": false, "create_by": "ekiclik"}));
    assert_eq!(admin.call("res.users", made, "action_set_password", json!([PASSWORD])).await.status, 200);
    assert!(ids(&stand.login_with("new", PASSWORD).await, "crm.lead").await.is_empty());
    assert_eq!(admin.write("res.users", json!([["id", "=", made]]), json!({"integration": true})).await.status, 200);
    let new = stand.login_with("new", PASSWORD).await;
    assert_eq!(new.create("product.brand", json!({"name": "Brand"})).await.status, 200);
    // Of the hub's side, or of a bank, nobody is
    for login in ["boss", "staff", "admin"] {
        refused(&admin.write("res.users", json!([["login", "=", login]]), json!({"integration": true})).await, 422, &["integration user"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_of_a_user_may_become_another_and_is_never_cleared() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    for nothing in [Value::Null, json!(false), json!("")] {
        refused(&admin.write("res.users", json!([["login", "=", "bna"]]), json!({"bank_id": nothing})).await, 422, &["bank_id"]);
        refused(&admin.create("res.users", json!({"name": "K", "login": "bna", "bank_id": nothing})).await, 422, &["bank_id"]);
        assert_eq!(ekiclik.write("res.users", json!([["login", "=", "bna"]]), json!({"bank_id": nothing})).await.status, 403);
        // Of none it stays of none
        assert_eq!(admin.write("res.users", json!([["login", "=", "ekiclik"]]), json!({"bank_id": nothing})).await.status, 200);
    }
    refused(&admin.write("res.users", json!([["login", "in", ["bna", "ekiclik"]]]), json!({"bank_id": false})).await, 422, &["bank_id"]);
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.res_users WHERE bank_id IS NOT NULL").await, 2);
    assert_eq!(admin.write("res.users", json!([["login", "=", "bna"]]), json!({"bank_id": "Alsalam"})).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_migration_marks_whom_an_administrator_made_and_the_doctor_asks_until_each_is_confirmed() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let [marked, other] = [
        user(&admin, "old-integration", json!({"create_by": "ekiclik"})).await,
        id(&stand.login("ekiclik").await.create("res.users", json!({"name": "S", "login": "old-seller"})).await),
    ];
    user(&admin, "counter", json!({"bank_id": "BNA", "role": "ROLE_POS_EK", "code_pos": ALGER})).await;
    user(&admin, "nowhere", json!({"bank_id": "BNA"})).await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/partners/2026-11-26-000701_who_is_the_platform");
    for file in ["down.sql", "up.sql"] {
        let sql = std::fs::read_to_string(folder.join(file)).unwrap();
        Stand::execute(&mut stand.sql().await, &format!("BEGIN; SET LOCAL search_path TO partners, public; {sql}; COMMIT")).await;
    }
    Stand::execute(&mut stand.sql().await, "GRANT ALL ON partners.res_users_apikeys TO partners").await;
    for (user, is_marked) in [(marked, true), (other, false)] {
        let row = one(&admin, "res.users", user, "{integration, integration_confirmed}").await;
        assert_eq!(row, json!({"integration": is_marked, "integration_confirmed": false}));
    }
    let hub = stand.hub.as_ref().unwrap();
    let told = async || service::findings::told("partners", &service::doctor::examine(&hub.partners).await);
    let (text, is_well) = told().await;
    assert!(!is_well, "{text}");
    for (line, logins) in [("were marked", &["ekiclik", "old-integration"][..]), ("neither a bank", &["old-seller"])] {
        let line = text.lines().find(|told| told.contains(line)).unwrap_or_else(|| panic!("{line}: {text}"));
        assert!(line.starts_with("WRONG") && logins.iter().all(|login| line.contains(login)), "{line}");
    }
    // Who sees less than before is listed, and no reason to be called at night
    for (line, login) in [("own point of sale only", "counter"), ("no `code_pos`", "nowhere")] {
        assert!(text.lines().any(|told| told.starts_with("ok") && told.contains(line) && told.contains(login)), "{line}: {text}");
    }
    for (login, mark) in [("ekiclik", true), ("old-integration", false), ("old-seller", false)] {
        assert!(!told().await.1);
        assert_eq!(admin.write("res.users", json!([["login", "=", login]]), json!({"integration": mark})).await.status, 200);
    }
    let (text, is_well) = told().await;
    assert!(is_well, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_sees_and_changes_the_leads_and_orders_of_its_point_of_sale_and_reads_its_stock() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    goods_and_orders(&admin).await;
    for (login, role) in [("pos", json!("ROLE_POS_EK")), ("simple", json!("ROLE_USER")), ("none", Value::Null)] {
        user(&admin, login, json!({"bank_id": "BNA", "role": role, "code_pos": ALGER})).await;
        let clerk = stand.login_with(login, PASSWORD).await;
        for model in ["sale.order", "crm.lead"] {
            let rows = clerk.rows(model, &[("query", "{ek_order_id, code_pos}")]).await;
            assert_eq!(rows, [json!({"ek_order_id": 70_001, "code_pos": ALGER})], "{login} {model}");
        }
        assert_eq!(clerk.rows("sale.order.line", &[("query", "{code_pos}")]).await, [json!({"code_pos": ALGER})]);
        let all = clerk.rows("sale.order", &[("query", "{*}")]).await;
        assert_eq!(all[0]["ek_order_id"], 70_001);
        let foreign = admin.rows("sale.order", &[("filter", r#"[["ek_order_id", "=", 70002]]"#), ("query", "{id}")]).await[0]["id"].clone();
        refused(&clerk.get(&format!("/api/sale.order/{foreign}")).await, 404, &[]);
        refused(&clerk.call("sale.order", foreign.as_i64().unwrap(), "action_cancel", json!([])).await, 404, &[]);
        let cancel = json!({"order_source": "BNA", "state": "EK_CLIENT_ORDER_CANCELED"});
        let put = clerk.write("sale.order", json!([["ek_order_id", "=", 70_002]]), cancel).await;
        assert_eq!((put.status, put.headers["x-records-matched"].as_str()), (200, "0"));
        // Its own it may
        let put = clerk.write("sale.order", json!([["ek_order_id", "=", 70_001]]), json!({"note": login})).await;
        assert_eq!((put.status, put.headers["x-records-matched"].as_str()), (200, "1"), "{}", put.text);
        let places = clerk.rows("stock.quant", &[("query", "{location_id{complete_name}}")]).await;
        assert!(!places.is_empty(), "{login} reads its stock");
        for place in &places {
            assert!(place["location_id"]["complete_name"].as_str().unwrap().starts_with(ALGER), "{place}");
        }
        let codes: Vec<Value> = clerk.rows("stock.warehouse", &[("query", "{code}")]).await;
        assert_eq!(codes, [json!({"code": ALGER})]);
        assert!(clerk.rows("res.partner", &[("query", "{code_pos}")]).await.iter().all(|row| row["code_pos"] == ALGER));
        refused(&clerk.list("crm.lead", &[("query", "{salary}")]).await, 403, &["salary"]);
    }
    let clerk = stand.login_with("pos", PASSWORD).await;
    refused(&clerk.create("crm.lead", lead("BNA", 70_010, BORDJ)).await, 403, &[ALGER]);
    refused(&clerk.create("crm.lead", lead("Alsalam", 70_010, ALGER)).await, 403, &[]);
    let mut unnamed = lead("BNA", 70_010, ALGER);
    unnamed.as_object_mut().unwrap().remove("code_pos");
    let made = id(&clerk.create("crm.lead", unnamed).await);
    assert_eq!(one(&clerk, "crm.lead", made, "{code_pos}").await["code_pos"], ALGER);
    // Without a point of sale: itself and the catalogue
    let own = user(&admin, "nowhere", json!({"bank_id": "BNA", "role": "ROLE_POS_EK"})).await;
    let nowhere = stand.login_with("nowhere", PASSWORD).await;
    assert_eq!(ids(&nowhere, "res.users").await, BTreeSet::from([own]));
    assert!(!ids(&nowhere, "product.product").await.is_empty());
    for model in NOTHING.iter().filter(|model| **model != "res.bank") {
        assert!(ids(&nowhere, model).await.is_empty(), "{model}");
    }
    refused(&nowhere.create("crm.lead", lead("BNA", 70_011, ALGER)).await, 403, &[]);
    // From analysts on, the whole bank's
    user(&admin, "analyst", json!({"bank_id": "BNA", "role": "ROLE_CREDIT_ANALYST_EK", "code_pos": ALGER})).await;
    let analyst = stand.login_with("analyst", PASSWORD).await;
    assert_eq!(ids(&analyst, "sale.order").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn cost_and_purchases_are_for_the_hub_and_the_integration_user() {
    let stand = Stand::new().await;
    let (admin, ekiclik, bna) = (stand.login("admin").await, stand.login("ekiclik").await, stand.login("bna").await);
    goods_and_orders(&admin).await;
    user(&admin, "boss", json!({"bank_id": "BNA", "role": "ROLE_SUPERADMIN"})).await;
    let boss = stand.login_with("boss", PASSWORD).await;
    for bank in [&bna, &boss] {
        for model in ["product.template", "product.product"] {
            assert!(bank.rows(model, &[("query", "{*}")]).await.iter().all(|row| row.get("standard_price").is_none()));
            assert!(bank.rows(model, &[("query", "{central_price}")]).await[0]["central_price"].as_f64().unwrap() > 0.0);
            for ask in [("query", "{standard_price}"), ("filter", r#"[["standard_price", ">", 0]]"#), ("order", "standard_price")] {
                refused(&bank.list(model, &[ask]).await, 403, &["standard_price"]);
            }
        }
        refused(&bank.list("product.master", &[("filter", r#"[["configuration_ids.standard_price", ">", 0]]"#)]).await, 400, &[]);
        assert!(matches!(bank.list("stock.quant", &[("query", "{product_id{standard_price}}")]).await.status, 403));
        for model in ["purchase.order", "purchase.order.line"] {
            refused(&bank.list(model, &[]).await, 403, &[]);
            refused(&bank.get(&format!("/api/{model}/1")).await, 403, &[]);
        }
        for row in bank.rows("stock.picking", &[("query", "{*}")]).await {
            assert_eq!(row["purchase_id"], false, "{row}");
        }
        for row in bank.rows("stock.move", &[("query", "{*}")]).await {
            assert!(row["purchase_line_id"] == false && row.get("price_unit").is_none(), "{row}");
        }
        for ask in [
            ("query", "{price_unit}"),
            ("query", "{purchase_line_id{price_unit}}"),
            ("filter", r#"[["purchase_line_id.price_unit", ">", 1]]"#),
        ] {
            refused(&bank.list("stock.move", &[ask]).await, 403, &[]);
        }
    }
    for trusted in [&admin, &ekiclik] {
        assert!(trusted.rows("product.template", &[("query", "{standard_price}")]).await[0]["standard_price"].as_f64().unwrap() > 0.0);
        assert!(!ids(trusted, "purchase.order").await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banks_administrator_manages_its_banks_users_up_to_its_own_role() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    user(&admin, "chief", json!({"bank_id": "BNA", "role": "ROLE_ADMIN"})).await;
    let boss = user(&admin, "boss", json!({"bank_id": "BNA", "role": "ROLE_SUPERADMIN"})).await;
    let chief = stand.login_with("chief", PASSWORD).await;
    let seen: BTreeSet<String> =
        chief.rows("res.users", &[("query", "{login}")]).await.iter().map(|row| row["login"].as_str().unwrap().to_owned()).collect();
    assert_eq!(seen, BTreeSet::from(["bna", "boss", "chief"].map(str::to_owned)));
    // Of its own bank, whether it says so or not; its password is one
    let clerk = json!({"name": "Clerk", "login": "clerk", "password": PASSWORD, "role": "ROLE_POS_EK", "code_pos": ALGER});
    let made = id(&chief.create("res.users", clerk).await);
    assert_eq!(
        one(&admin, "res.users", made, "{bank_id{name}, create_by}").await,
        json!({"bank_id": {"name": "BNA"}, "create_by": "ekiclik"})
    );
    stand.login_with("clerk", PASSWORD).await;
    for (data, status) in [
        (json!({"role": "ROLE_ADMIN", "codification": "C"}), 200),
        (json!({"role": "ROLE_SUPERADMIN"}), 403),
        (json!({"bank_id": "Alsalam"}), 403),
        (json!({"bank_id": false}), 403),
        (json!({"login": "other"}), 403),
        (json!({"hub_admin": true}), 403),
        (json!({"integration": true}), 403),
        (json!({"active": false}), 200),
        (json!({"active": true, "name": "Clerk again"}), 200),
    ] {
        let put = chief.send("PUT", &format!("/api/res.users/{made}"), &[], &json!({"params": {"data": data}}).to_string()).await;
        assert_eq!(put.status, status, "{data}: {}", put.text);
    }
    assert_eq!(chief.call("res.users", made, "action_set_password", json!([format!("{PASSWORD} 2")])).await.status, 200);
    stand.login_with("clerk", &format!("{PASSWORD} 2")).await;
    // Above it, and elsewhere
    refused(&chief.create("res.users", json!({"name": "X", "login": "x", "role": "ROLE_SUPERADMIN"})).await, 403, &[]);
    refused(&chief.create("res.users", json!({"name": "X", "login": "x", "bank_id": "Alsalam"})).await, 422, &["bank_id"]);
    refused(&chief.write("res.users", json!([["id", "=", boss]]), json!({"name": "X"})).await, 403, &[]);
    refused(&chief.create("res.users", json!({"name": "X", "login": "boss"})).await, 403, &[]);
    refused(&chief.call("res.users", boss, "action_set_password", json!([PASSWORD])).await, 403, &[]);
    refused(&chief.unlink("res.users", boss).await, 403, &[]);
    for login in ["alsalam", "admin", "ekiclik"] {
        let foreign = uid(&admin, login).await;
        refused(&chief.get(&format!("/api/res.users/{foreign}")).await, 404, &[]);
        refused(&chief.call("res.users", foreign, "action_set_password", json!([PASSWORD])).await, 404, &[]);
        refused(&chief.create("res.users", json!({"name": "X", "login": login})).await, 409, &["login"]);
    }
    assert_eq!(stand.login("alsalam").await.get("/api/res.bank/").await.status, 200);
    // An analyst manages nobody, and what a bank's users may is not the platform's to lose
    refused(&stand.login("bna").await.create("res.users", json!({"name": "X", "login": "x"})).await, 403, &[]);
    assert_eq!(ekiclik.write("res.users", json!([["id", "=", made]]), json!({"codification": "D"})).await.status, 200);
    assert_eq!(chief.unlink("res.users", made).await.status, 200);
}

async fn attempts(stand: &Stand, admin: &Session<'_>, user: i64, login: &str) {
    let put = async |data: Value| admin.write("res.users", json!([["login", "=", login]]), data).await;
    for answer in [
        put(json!({"hub_admin": false})).await,
        put(json!({"active": false})).await,
        admin.send("PUT", &format!("/api/res.users/{user}"), &[], r#"{"params":{"data":{"active":"False"}}}"#).await,
        admin.write("res.users", json!([["id", ">", 0], ["hub_admin", "=", true]]), json!({"active": false})).await,
        admin.create("res.users", json!({"name": "A", "login": login, "hub_admin": false})).await,
        admin.unlink("res.users", user).await,
    ] {
        assert_eq!(answer.status, 409, "{}", answer.text);
    }
    let left = "SELECT count(*) AS n FROM partners.res_users WHERE hub_admin AND active AND deleted_at IS NULL AND id <> 1 AND password IS NOT NULL";
    assert!(stand.count(left).await >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    attempts(&stand, &admin, 2, "admin").await;
    // Neither one that is archived nor one without a password is somebody
    user(&admin, "archived", json!({"hub_admin": true, "active": false})).await;
    id(&admin.create("res.users", json!({"name": "N", "login": "no password", "hub_admin": true})).await);
    attempts(&stand, &admin, 2, "admin").await;
    let second = user(&admin, "second", json!({"hub_admin": true})).await;
    assert_eq!(admin.write("res.users", json!([["login", "=", "admin"]]), json!({"hub_admin": false})).await.status, 200);
    attempts(&stand, &stand.login_with("second", PASSWORD).await, second, "second").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_administrators_who_all_go_at_once_one_stays() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    for round in 0..3 {
        let (one, other) = (format!("one-{round}"), format!("other-{round}"));
        let ids = [user(&admin, &one, json!({"hub_admin": true})).await, user(&admin, &other, json!({"hub_admin": true})).await];
        let sessions = [stand.login_with(&one, PASSWORD).await, stand.login_with(&other, PASSWORD).await];
        Stand::execute(&mut stand.sql().await, "UPDATE partners.res_users SET active = false WHERE login = 'admin'").await;
        let go = async |at: usize| -> Answer {
            match round {
                0 => sessions[at].write("res.users", json!([["id", "=", ids[at]]]), json!({"active": false})).await,
                1 => sessions[at].write("res.users", json!([["id", "=", ids[1 - at]]]), json!({"hub_admin": false})).await,
                _ => sessions[at].unlink("res.users", ids[1 - at]).await,
            }
        };
        let answers = tokio::join!(go(0), go(1));
        let mut statuses = [answers.0.status, answers.1.status];
        statuses.sort_unstable();
        // Whom the other has taken what it takes, or all, before it was looked at is not asked any more
        let refusals: &[u16] = if round == 0 { &[409] } else { &[401, 403, 409] };
        assert!(statuses[0] == 200 && refusals.contains(&statuses[1]), "{round}: {} {}", answers.0.text, answers.1.text);
        Stand::execute(&mut stand.sql().await, "UPDATE partners.res_users SET active = login = 'admin' WHERE hub_admin AND id <> 1").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_listed_ended_one_by_one_and_make_no_keys() {
    let stand = Stand::new().await;
    let (admin, bna, alsalam) = (stand.login("admin").await, stand.login("bna").await, stand.login("alsalam").await);
    let make = async |who: &Session<'_>, name: &str| {
        let body = json!({"params": {"kwargs": {"name": name, "days": 1}}}).to_string();
        who.send("POST", "/object/res.users/action_new_api_key", &[], &body).await.result().as_str().unwrap().to_owned()
    };
    let (first, second) = (make(&bna, "first").await, make(&bna, "second").await);
    let others = make(&alsalam, "theirs").await;
    let names = async |who: &Session<'_>| -> Vec<Value> {
        who.rows("res.users.apikeys", &[("query", "{name, user_id{login}}"), ("order", "id")]).await
    };
    let own = |name: &str| json!({"name": name, "user_id": {"login": "bna"}});
    assert_eq!(names(&bna).await, [own("first"), own("second")]);
    assert_eq!(names(&admin).await.len(), 3);
    for row in admin.rows("res.users.apikeys", &[("query", "{*}")]).await {
        for secret in [&first, &second, &others] {
            assert!(!row.to_string().contains(secret.as_str()) && !row.to_string().contains("sha256"), "{row}");
        }
    }
    let with = async |key: &str, method: &str, path: &str, body: &str| {
        let bearer = format!("Bearer {key}");
        stand.send(method, path, &[("authorization", &bearer), ("content-type", "application/json")], body).await
    };
    for body in [r#"{"params":{"kwargs":{"name":"more","days":365}}}"#, r#"{"params":{"args":["more",1]}}"#] {
        refused(&with(&first, "POST", "/object/res.users/action_new_api_key", body).await, 403, &["API key"]);
    }
    let of_admin = make(&admin, "administrator").await;
    for path in ["/object/res.users/action_new_api_key", "/object/res.users/2/action_set_password"] {
        let body = json!({"params": {"args": [PASSWORD]}}).to_string();
        refused(&with(&of_admin, "POST", path, &body).await, 403, &["API key"]);
    }
    for (method, path, data) in [
        ("PUT", "/api/res.users/2", json!({"password": PASSWORD})),
        ("POST", "/api/res.users/", json!({"name": "A", "login": "admin", "password": PASSWORD})),
        ("POST", "/api/res.users/", json!({"name": "A", "login": "another", "password": PASSWORD, "hub_admin": true})),
    ] {
        let body = json!({"params": {"data": data}}).to_string();
        refused(&with(&of_admin, method, path, &body).await, 403, &["API key"]);
    }
    // One by one, and no other's
    let ids: Vec<i64> =
        bna.rows("res.users.apikeys", &[("query", "{id}"), ("order", "id")]).await.iter().map(|row| row["id"].as_i64().unwrap()).collect();
    refused(&alsalam.unlink("res.users.apikeys", ids[0]).await, 404, &[]);
    refused(&alsalam.get(&format!("/api/res.users.apikeys/{}", ids[0])).await, 404, &[]);
    refused(&bna.write("res.users.apikeys", json!([["id", "=", ids[0]]]), json!({"name": "x"})).await, 403, &[]);
    assert_eq!(bna.unlink("res.users.apikeys", ids[0]).await.status, 200);
    let replica = Stand::on(&stand.database_url, &[]).await;
    let is_live =
        async |key: &str| replica.send("GET", "/api/res.bank/", &[("authorization", &format!("Bearer {key}"))], "").await.status == 200;
    assert!(!is_live(&first).await && is_live(&second).await && is_live(&others).await);
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.audit WHERE model = 'res.users.apikeys'").await, 5);
    for days in [366, 3_650, 0] {
        let body = json!({"params": {"kwargs": {"name": "long", "days": days}}}).to_string();
        refused(&bna.send("POST", "/object/res.users/action_new_api_key", &[], &body).await, 422, &["365"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_end_with_what_their_user_was() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let of_bna = uid(&admin, "bna").await;
    let keys = async || stand.count(&format!("SELECT count(*) AS n FROM partners.api_key WHERE user_id = {of_bna}")).await;
    let make = async || {
        let made = admin.call("res.users", of_bna, "action_new_api_key", json!(["CI", 1])).await;
        assert_eq!((made.status, keys().await), (200, 1), "{}", made.text);
    };
    for data in [
        json!({"role": "ROLE_ADMIN"}),
        json!({"bank_id": "Alsalam"}),
        json!({"password": PASSWORD}),
        json!({"active": false}),
        json!({"active": true}),
    ] {
        if data != json!({"active": true}) {
            make().await;
        }
        let filter = json!([["id", "=", of_bna], ["active", "in", [true, false]]]);
        assert_eq!(admin.write("res.users", filter, data.clone()).await.status, 200);
        assert_eq!(keys().await, 0, "{data}");
    }
    make().await;
    // What says nothing of that ends nothing
    assert_eq!(
        admin.write("res.users", json!([["id", "=", of_bna]]), json!({"name": "K", "role": "ROLE_ADMIN", "phone": "1"})).await.status,
        200
    );
    assert_eq!(keys().await, 1);
    let body = json!({"params": {"args": [PASSWORD, format!("{PASSWORD} 2")]}}).to_string();
    let bna = stand.login_with("bna", PASSWORD).await;
    assert_eq!(bna.send("POST", "/object/res.users/change_password", &[], &body).await.status, 200);
    assert_eq!(keys().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_has_twelve_characters_but_for_the_demo() {
    let stand = Stand::with(&[("DEMO", "false")]).await;
    let (admin, bna) = (stand.login("admin").await, stand.login("bna").await);
    let of_bna = uid(&admin, "bna").await;
    for (password, fits) in [("x", false), ("elevenchars", false), ("é".repeat(11).as_str(), false), ("é".repeat(12).as_str(), true)] {
        let status = if fits { 200 } else { 422 };
        let made = admin.create("res.users", json!({"name": "N", "login": format!("n{password}"), "password": password})).await;
        assert_eq!(made.status, status, "{}", made.text);
        assert_eq!(admin.write("res.users", json!([["id", "=", of_bna]]), json!({"password": password})).await.status, status);
        assert_eq!(admin.call("res.users", of_bna, "action_set_password", json!([password])).await.status, status);
        if !fits {
            let body = json!({"params": {"args": ["bna", password]}}).to_string();
            let changed = bna.send("POST", "/object/res.users/change_password", &[], &body).await;
            assert!(changed.status == 422 && changed.error().contains("12"), "{}", changed.text);
        }
    }
    let urls = operator::provision::urls(&stand.database_url).unwrap();
    let variables = system_tests::variables(&[("DEMO", "false"), ("ADMIN_PASSWORD", "admin")]);
    let refused = hub::Hub::new(&variables, &urls).err().unwrap().to_string();
    assert!(refused.contains("ADMIN_PASSWORD") && refused.contains("12"), "{refused}");
}
