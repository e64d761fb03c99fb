//! The table of rights (docs, contract), walked: kinds of users × models × operations.

use serde_json::{Value, json};
use service::directory::SERVICES;
use system_tests::stock::{ALGER, BORDJ, Goods, TV};
use system_tests::{Session, Stand, id, until};

const PASSWORD: &str = "a password of length";

/// r: reads some; c: makes; w: changes; u: removes.
const TABLE: &str = "
model                    administrator staff integration superadmin analyst clerk outsider
product.attribute        rcwu          rcwu  rcwu        r          r       r     r
product.attribute.value  rcwu          rcwu  rcwu        r          r       r     r
product.brand            rcwu          rcwu  rcwu        r          r       r     r
product.category         rcwu          rcwu  rcwu        r          r       r     r
product.master           rcwu          rcwu  rcwu        r          r       r     r
product.product          rcwu          rcwu  rcwu        r          r       r     r
product.template         rcwu          rcwu  rcwu        r          r       r     r
ek.job                   rcwu          rcwu  rcwu        rcwu       rcwu    rcwu  rcwu
ir.filters               rcwu          rcwu  rcwu        rcwu       rcwu    rcwu  rcwu
res.bank                 rcwu          r     r           r          r       r     -
res.company              rcwu          r     r           r          r       r     r
res.country              rcwu          r     r           r          r       r     r
res.country.state        rcwu          r     r           r          r       r     r
res.currency             rcwu          r     r           r          r       r     r
res.partner              rcwu          r     rcwu        rcw        rcw     r     -
res.partner.bank         r             r     r           r          r       -     -
res.partner.title        rcwu          r     r           r          r       r     r
res.users                rcwu          r     rcwu        rcwu       r       r     r
res.users.apikeys        ru            ru    ru          ru         ru      ru    ru
res.users.session        ru            ru    ru          ru         ru      ru    ru
account.move             rwu           rwu   r           r          r       r     -
account.move.line        r             r     r           r          r       r     -
account.tax              rcwu          r     r           r          r       r     r
crm.lead                 rcwu          rcwu  rcwu        rcw        rcw     rcw   -
crm.stage                rcwu          r     r           r          r       r     r
ir.attachment            rcwu          rcwu  rcwu        rcwu       rcwu    rcwu  -
sale.order               rcwu          rcwu  rcwu        rcw        rcw     rcw   -
sale.order.line          r             r     r           r          r       r     -
purchase.order           rcw           rcw   rc          -          -       -     -
purchase.order.line      r             r     r           -          -       -     -
stock.location           r             r     r           r          r       r     -
stock.move               rw            rw    r           r          r       r     -
stock.move.line          r             r     r           r          r       r     -
stock.picking            rcw           rcw   r           r          r       r     -
stock.picking.type       r             r     r           r          r       r     -
stock.quant              rcw           rcw   r           r          r       r     -
stock.warehouse          r             r     r           r          r       r     -
ek.odoo                  rcwu          -     -           -          -       -     -
ek.odoo.run              rcu           -     -           -          -       -     -
ek.odoo.record           r             -     -           -          -       -     -
";

/// What a user may do with a model, found out at the door.
async fn found(who: &Session<'_>, model: &str) -> String {
    let mut may = String::new();
    let list = who.list(model, &[("query", "{id}"), ("limit", "1"), ("filter", r#"[["id", ">", 0]]"#)]).await;
    match list.status {
        200 if list.json()["count"] == 1 => may.push('r'),
        200 | 403 => {}
        _ => panic!("{model}: {}", list.text),
    }
    let made = who.create(model, json!({"nosuch": 1})).await;
    let written = who.write(model, json!([["id", "=", 0]]), json!({"name": "x"})).await;
    let removed = who.unlink(model, 0).await;
    for (letter, answer) in [('c', made), ('w', written), ('u', removed)] {
        match answer.status {
            403 => assert_eq!(answer.error_name(), "odoo.exceptions.AccessError", "{model}: {}", answer.text),
            200 | 404 | 409 | 422 => may.push(letter),
            _ => panic!("{model} {letter}: {}", answer.text),
        }
    }
    if may.is_empty() { "-".to_owned() } else { may }
}

/// The models whose records may be copied.
const COPIED: &[&str] = &[
    "account.tax",
    "crm.stage",
    "product.attribute",
    "product.attribute.value",
    "product.brand",
    "product.category",
    "product.product",
    "res.partner",
];

/// The same by Odoo's methods, each of which must agree.
async fn found_by_rpc(who: &Session<'_>, model: &str) -> String {
    let call = async |method: &str, args: Value, kwargs: Value| {
        let params = json!({"model": model, "method": method, "args": args, "kwargs": kwargs});
        let body = json!({"params": params}).to_string();
        let told = who.send("POST", "/web/dataset/call_kw", &[("content-type", "application/json")], &body).await.json();
        let name = told["error"]["data"]["name"].as_str().map(|name| name.rsplit('.').next().unwrap().to_owned());
        (told["result"].clone(), name)
    };
    let mut may = String::new();
    let (rows, denied) = call("search_read", json!([[["id", ">", 0]], ["id"]]), json!({"limit": 1})).await;
    if rows[0]["id"].is_i64() {
        may.push('r');
    }
    for (method, args) in [
        ("search", json!([[]])),
        ("search_count", json!([[]])),
        ("read", json!([[1], ["id"]])),
        ("exists", json!([[1]])),
        ("name_search", json!([])),
        ("read_group", json!([[], [], ["id"]])),
    ] {
        assert_eq!(call(method, args, json!({})).await.1, denied, "{model}.{method}");
    }
    assert!(call("fields_get", json!([]), json!({})).await.0["id"].is_object(), "{model}.fields_get");
    for (letter, operation, args) in [
        ('c', "create", json!([{"nosuch": 1}])),
        ('w', "write", json!([[999_999_999], {"name": "x"}])),
        ('u', "unlink", json!([[999_999_999]])),
    ] {
        let told = call(operation, args, json!({})).await.1.unwrap();
        match told.as_str() {
            "AccessError" => {}
            "ValueError" | "MissingError" | "ValidationError" => may.push(letter),
            other => panic!("{model}.{operation}: {other}"),
        }
        let says = call("check_access_rights", json!([operation]), json!({"raise_exception": false})).await.0;
        assert_eq!(says, may.ends_with(letter), "{model}.check_access_rights('{operation}')");
    }
    let copied = call("copy", json!([999_999_999]), json!({})).await.1.unwrap();
    let is_copied = COPIED.contains(&model);
    match copied.as_str() {
        "AttributeError" => assert!(!is_copied, "{model}.copy"),
        "MissingError" => assert!(is_copied && denied.is_none(), "{model}.copy"),
        "AccessError" => assert!(is_copied && denied.is_some(), "{model}.copy"),
        other => panic!("{model}.copy: {other}"),
    }
    if may.is_empty() { "-".to_owned() } else { may }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_user_may_do_with_each_model_what_the_table_says() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    for (login, more) in [
        ("staff", json!({})),
        ("superadmin", json!({"bank_id": "BNA", "role": "ROLE_SUPERADMIN"})),
        ("clerk", json!({"bank_id": "BNA", "role": "ROLE_POS_EK", "code_pos": ALGER})),
        ("outsider", json!({"create_by": "ekiclik", "role": "ROLE_SUPERADMIN"})),
    ] {
        let mut data = json!({"name": login, "login": login, "password": PASSWORD});
        data.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        id(&admin.create("res.users", data).await);
    }
    let sessions = [
        ("administrator", stand.login("admin").await),
        ("staff", stand.login_with("staff", PASSWORD).await),
        ("integration", stand.login("ekiclik").await),
        ("superadmin", stand.login_with("superadmin", PASSWORD).await),
        ("analyst", stand.login("bna").await),
        ("clerk", stand.login_with("clerk", PASSWORD).await),
        ("outsider", stand.login_with("outsider", PASSWORD).await),
    ];
    for (kind, session) in &sessions {
        let key = session.send("POST", "/object/res.users/action_new_api_key", &[], r#"{"params":{"args":["CI",1]}}"#).await;
        assert_eq!(key.status, 200, "{kind}: {}", key.text);
        id(&session.create("ir.filters", json!({"name": "Mine", "model_id": "res.partner"})).await);
        id(&session.create("ek.job", json!({"name": "Mine", "kind": "export", "model": "res.partner"})).await);
    }
    // Something of everything: a bank's note of a client, orders that are delivered, a purchase
    let email = "amina@example.dz";
    id(&sessions[4].1.create("res.partner", json!({"name": "Amina", "email": email, "phone": "1"})).await);
    for pos in [ALGER, BORDJ] {
        Goods::count(&admin, pos, TV, 5.0).await;
        let number = if pos == ALGER { 90_001 } else { 90_002 };
        let lead = json!({"order_source": "BNA", "cart_id": number, "code_pos": pos, "partner": {"email": email},
            "quotation_address": {"ek_order_id": number}, "cart": [{"manufacturer_ref": TV, "quantity": 1, "product_warehouse_id": pos}]});
        let lead = id(&admin.create("crm.lead", lead).await);
        let paper = json!({"name": "x.pdf", "res_model": "crm.lead", "res_id": lead, "datas": "JVBERi0xLjc="});
        id(&admin.create("ir.attachment", paper).await);
        for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
            let put = admin.write("sale.order", json!([["ek_order_id", "=", number]]), json!({"state": state})).await;
            assert_eq!(put.status, 200, "{}", put.text);
        }
    }
    let bought = json!({"partner_id": ALGER, "order_line": [{"product_id": TV, "product_qty": 1, "price_unit": 6000}]});
    id(&admin.create("purchase.order", bought).await);
    let odoo = json!({"name": "Old", "base_url": "https://odoo.example", "db": "old", "login": "bridge", "secret": "key"});
    let odoo = id(&admin.create("ek.odoo", odoo).await);
    id(&admin.create("ek.odoo.run", json!({"odoo_id": odoo, "kind": "inspection"})).await);
    let kept = format!(
        "INSERT INTO bridge.ek_odoo_record (odoo_id, rehearsal, run_id, reader, model, their_id, state) \
         VALUES ({odoo}, false, 1, 'res.bank', 'res.bank', 1, 'refused')"
    );
    Stand::execute(&mut stand.sql().await, &kept).await;
    let shipped = "SELECT count(*) AS n FROM stock.stock_picking WHERE state = 'done' AND sale_id IS NOT NULL";
    until("both are shipped", async || stand.count(shipped).await == 2).await;

    let mut rows = TABLE.trim().lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let kinds = rows.next().unwrap();
    assert_eq!(kinds[1..], sessions.iter().map(|(kind, _)| *kind).collect::<Vec<_>>());
    let mut walked = Vec::new();
    let mut wrong = Vec::new();
    for row in rows {
        walked.push(row[0]);
        for ((kind, session), wanted) in sessions.iter().zip(&row[1..]) {
            for (door, found) in [("REST", found(session, row[0]).await), ("RPC", found_by_rpc(session, row[0]).await)] {
                if found != **wanted {
                    wrong.push(format!("{kind} {} by {door}: {found}, not {wanted}", row[0]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Every model is in it; those of the platforms' pushes have their own tests
    for model in SERVICES.iter().filter(|(service, _)| *service != "sync").flat_map(|(_, models)| *models) {
        assert!(walked.contains(model), "{model} is not in the table");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_asks_another_for_what_stands_in_the_table_alone() {
    let stand = Stand::new().await;
    let hub = stand.hub.as_ref().unwrap();
    let ask = async |asked: &'static str, by: &str, model: &str, method: &str| {
        let token = hub.keys[by].own_token(asked).unwrap();
        let call = jsonrpc::Call::new(model, method, token).with("ids", &[1]).with("after", &0).with("limit", &1).with("wait", &0);
        hub.router.service(asked).unwrap().call(call).await.map(drop).map_err(|fault| fault.status)
    };
    let methods: std::collections::BTreeSet<&str> =
        service::directory::QUESTIONS.iter().flat_map(|(.., methods)| methods.iter().copied()).chain(["_sudo", "create"]).collect();
    for (asked, models) in SERVICES {
        for by in hub::PROCESSES {
            for method in &methods {
                let answer = ask(asked, by, models[0], method).await;
                if service::directory::may_ask(asked, by, method) {
                    assert_ne!(answer, Err(403), "{by} asks {asked} for {method}");
                } else {
                    assert_eq!(answer, Err(403), "{by} asks {asked} for {method}");
                }
            }
        }
    }
    fn contract<S: service::Service>() -> Vec<(&'static str, &'static str, &'static [&'static str])> {
        S::ANSWERS.iter().map(|question| (question.model, question.method, question.asked_by)).collect()
    }
    let contracts = [
        ("catalog", contract::<catalog::Catalog>()),
        ("partners", contract::<partners::Partners>()),
        ("crm", contract::<crm::Crm>()),
        ("stock", contract::<stock::Stock>()),
        ("sync", contract::<sync::Sync>()),
    ];
    for (asked, questions) in contracts {
        assert!(!questions.is_empty(), "{asked}");
        for (model, method, asked_by) in questions {
            for by in hub::PROCESSES {
                let answer = ask(asked, by, model, method).await;
                assert_eq!(answer == Err(403), !asked_by.contains(by), "{by} asks {asked} for {model}.{method}: {answer:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_its_service_does_not_understand_is_our_fault_and_a_long_answer_comes_whole() {
    let stand = Stand::processes().await;
    let children = stand.children.as_ref().unwrap();
    let crm = children.key("crm").unwrap();
    let call = jsonrpc::Call::new("product.product", "_by_reference", crm.own_token("catalog").unwrap()).with("ids", &"all");
    let fault = children.router.service("catalog").unwrap().call(call).await.map(drop).unwrap_err();
    assert_eq!((fault.status, fault.message.contains("_by_reference")), (500, false), "{fault}");

    let admin = stand.login("admin").await;
    let name = "Téléviseur ".repeat(40);
    for n in 0..5 {
        let row = |m: usize| json!({"manufacturer_ref": format!("LONG-{n}-{m}"), "name": name});
        let product: Vec<_> = (0..200).map(row).collect();
        id(&admin.create("product.template", json!({"product_ref": format!("LONG-{n}"), "name": "Long", "product": product})).await);
    }
    let references = (0..1_000).map(|n| format!("LONG-{}-{}", n / 200, n % 200)).collect();
    let question = catalog_contract::ByReference { references, ..Default::default() };
    let answer = service::ask(&children.router, &crm, &question, None).await.unwrap();
    assert_eq!(answer.len(), 1_000);
    assert!(serde_json::to_string(&answer).unwrap().len() > 300_000, "more than one piece");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_record_must_have_is_asked_for_when_it_is_unset() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let lead = json!({"order_source": "BNA", "cart_id": 1, "partner": {"email": "amina@example.dz"},
        "cart": [{"manufacturer_ref": TV, "quantity": 1, "product_warehouse_id": ALGER}]});
    id(&admin.create("crm.lead", lead).await);
    for unset in [json!(false), json!(null), json!("")] {
        let put = admin.write("crm.lead", json!([["cart_id", "=", 1]]), json!({"stage_id": unset})).await;
        assert!(put.status == 422 && put.error().contains("stage_id"), "{unset}: {}", put.text);
    }
    let bought = json!({"partner_id": ALGER, "order_line": [{"product_id": TV, "product_qty": 1, "price_unit": 6000}]});
    let purchase = id(&admin.create("purchase.order", bought).await);
    assert_eq!(admin.call("purchase.order", purchase, "button_confirm", json!([])).await.status, 200);
    // Nor is any other column one that breaks something when a client unsets it
    let hub = stand.hub.as_ref().unwrap();
    let mut tried = 0;
    for (schema, registry) in [
        ("catalog", &hub.catalog.registry),
        ("partners", &hub.partners.registry),
        ("crm", &hub.crm.registry),
        ("stock", &hub.stock.registry),
        ("sync", &hub.sync.registry),
        ("bridge", &hub.bridge.registry),
    ] {
        for model in registry.models() {
            for field in model.fields.iter().filter(|field| field.has_column() && !field.readonly && !field.is_internal()) {
                let not_null = format!(
                    "SELECT count(*) AS n FROM pg_attribute WHERE attrelid = '{schema}.{}'::regclass AND attname = '{}' AND attnotnull",
                    model.table, field.name
                );
                if stand.count(&not_null).await == 1 && !(model.name == "res.users" && field.name == "active") {
                    let put = admin.write(model.name, json!([["id", ">", 0]]), json!({field.name: null})).await;
                    assert!(put.status < 500, "{}.{}: {}", model.name, field.name, put.text);
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 50, "{tried}");
}
