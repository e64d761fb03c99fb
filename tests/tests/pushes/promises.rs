//! What a platform may rely on, whatever it does: ids, versions, causes before their effects, and who hears what.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use system_tests::platform::{Call, Mood, Platform, SECRET, inform, platform_of};
use system_tests::stock::{ALGER, CANAPE, Goods, TV};
use system_tests::{Session, Stand, id, until};

/// A configuration of the demo whose price is its category's.
const GREY: &str = "IRIS-TV55-G";
/// Of the demo's platforms, the calls whose answers come late or never.
const IMPATIENT: &[(&str, &str)] = &[("PLATFORM_TIMEOUT", "1")];

fn product(reference: &str) -> Value {
    let configuration = json!({"name": format!("Config {reference}"), "manufacturer_ref": format!("{reference}-A"), "standard_price": 100});
    json!({"create_by": "ekiclik", "name": format!("Produit {reference}"), "product_ref": reference, "brand": "Iris", "categ_id": "Meubles",
        "product": [configuration]})
}

async fn rename(session: &Session<'_>, reference: &str, name: &str) {
    let filter = json!([["manufacturer_ref", "=", reference], ["active", "in", [true, false]]]);
    let renamed = session.write("product.template", filter, json!({"name": name})).await;
    assert_eq!((renamed.status, renamed.headers["x-records-matched"].as_str()), (200, "1"), "{}", renamed.text);
}

async fn replay(admin: &Session<'_>, platform: i64) {
    let replayed = admin.call("ek.platform", platform, "action_replay", json!([])).await;
    assert_eq!(replayed.status, 200, "{}", replayed.text);
}

async fn deliveries(admin: &Session<'_>, filter: Value) -> Vec<Value> {
    admin.rows("ek.delivery", &[("filter", &filter.to_string()), ("query", "{*}"), ("order", "\"id\"")]).await
}

/// A platform of BNA's that knows the whole catalogue.
async fn informed(stand: &Stand, admin: &Session<'_>) -> (Platform, i64) {
    let bna = Platform::new().await;
    let platform = platform_of(admin, "BNA", &bna.url).await;
    inform(stand, admin, platform).await;
    (bna, platform)
}

async fn told(stand: &Stand) {
    stand.all_told(Duration::from_secs(30)).await;
}

/// Every id stands for one call, however often it was made; every call has a version, and those of a path never sink.
fn each_id_says_one_thing(calls: &[Call]) {
    let mut said: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for call in calls {
        let first = said.entry(call.header("webhook-id")).or_insert((&call.line, &call.body));
        assert_eq!(*first, (call.line.as_str(), call.body.as_str()), "one id, two calls");
        assert!(call.header("webhook-version").parse::<i64>().unwrap() > 0, "{call:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_breaker_is_open_an_id_never_comes_with_another_body() {
    let stand = Stand::with(IMPATIENT).await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let bna = Platform::new().await;
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    for n in 0..8 {
        id(&ekiclik.create("product.template", product(&format!("W-{n}"))).await);
    }
    told(&stand).await;
    let (before, mut sql) = (bna.heard(), stand.sql().await);
    // It stores what comes, and answers too late
    bna.usually(Mood::Hangs);
    for round in ["first", "second", "third"] {
        for n in 0..8 {
            rename(&ekiclik, &format!("W-{n}-A"), &format!("The {round} name of {n}")).await;
        }
        let heard = bna.heard();
        Stand::execute(&mut sql, "UPDATE sync.ek_platform SET open_until = now() WHERE open_until IS NOT NULL").await;
        until("it is called", async || bna.heard() > heard).await;
        until("nothing is on its way", async || {
            stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'sending'").await == 0
        })
        .await;
    }
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_platform WHERE open_until IS NOT NULL").await, 1, "the breaker is open");
    bna.usually(Mood::Answers(200, ""));
    replay(&admin, platform).await;
    told(&stand).await;
    let calls = bna.calls();
    each_id_says_one_thing(&calls[before..]);
    // As a receiver holds it that ignores what it has had
    let (mut had, mut names) = (BTreeSet::new(), BTreeMap::new());
    for call in &calls[before..] {
        if had.insert(call.header("webhook-id").to_owned()) {
            names.insert(call.json()["reference"].as_str().unwrap().to_owned(), call.json()["name"].as_str().unwrap().to_owned());
        }
    }
    let expected = (0..8).map(|n| (format!("W-{n}-A"), format!("The third name of {n}"))).collect();
    assert_eq!(names, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_that_says_the_same_keeps_its_id_and_one_that_says_something_else_has_another_and_a_higher_version() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let (bna, platform) = informed(&stand, &admin).await;
    let before = bna.heard();
    let mut sql = stand.sql().await;
    let waits = async |calls: usize| {
        until("it was called", async || bna.heard() == before + calls).await;
        until("it waits", async || stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'waiting'").await == 1).await;
        // By itself it is tried again after five seconds: here only a replay does
        let later = "UPDATE sync.ek_delivery SET next_attempt = now() + interval '1 hour' WHERE state = 'waiting'";
        Stand::execute(&mut stand.sql().await, later).await;
    };
    for _ in 0..7 {
        bna.next(Mood::Answers(500, ""));
    }
    rename(&admin, GREY, "One").await;
    waits(1).await;
    replay(&admin, platform).await;
    waits(2).await;
    // The same again, though the record has changed in what is not told
    let untold = admin.write("product.template", json!([["manufacturer_ref", "=", GREY]]), json!({"default_code": "X-17"})).await;
    assert_eq!(untold.status, 200, "{}", untold.text);
    replay(&admin, platform).await;
    waits(3).await;
    rename(&admin, GREY, "Two").await;
    Stand::execute(&mut sql, "UPDATE sync.ek_platform SET failures = 0, open_until = NULL").await;
    replay(&admin, platform).await;
    waits(4).await;
    // Back to what it said first: that may be stored and overwritten there, so it is not the same call
    rename(&admin, GREY, "One").await;
    Stand::execute(&mut sql, "UPDATE sync.ek_platform SET failures = 0, open_until = NULL").await;
    replay(&admin, platform).await;
    waits(5).await;
    // What others' records say is part of it: the version rises all the same
    assert_eq!(
        admin.write("product.category", json!([["name", "=", "Électroménager"]]), json!({"name": "Meubles de télé"})).await.status,
        200
    );
    told_except(&stand, &admin, platform, &bna).await;
    let calls: Vec<Call> = bna.calls().into_iter().skip(before).filter(|call| call.body.contains(GREY)).collect();
    each_id_says_one_thing(&bna.calls());
    let ids: Vec<&str> = calls.iter().map(|call| call.header("webhook-id")).collect();
    assert_eq!((ids[0], ids[1]), (ids[1], ids[2]), "the same, so the same id");
    // What was taken is told once more by each replay after it, under an id of its own
    let mut said = calls.clone();
    said.dedup_by(|one, before| one.body == before.body);
    let said: BTreeSet<&str> = said.iter().map(|call| call.header("webhook-id")).collect();
    assert_eq!(said.len(), 4, "One, Two, One again, the price of furniture: {calls:#?}");
    let versions: Vec<i64> = calls.iter().map(|call| call.header("webhook-version").parse().unwrap()).collect();
    assert!(
        versions.is_sorted() && versions[2] < versions[3] && versions[3] < versions[4] && versions[4] < *versions.last().unwrap(),
        "{versions:?}"
    );
}

/// Lets everything out, whatever waits until when.
async fn told_except(stand: &Stand, admin: &Session<'_>, platform: i64, bna: &Platform) {
    bna.usually(Mood::Answers(200, ""));
    until("all is told", async || {
        replay(admin, platform).await;
        let open = "SELECT count(*) AS n FROM sync.ek_delivery WHERE state IN ('waiting', 'sending')";
        let running = "SELECT count(*) AS n FROM sync.ek_sync WHERE state = 'running'";
        let unheard = "SELECT count(*) AS n FROM catalog.event e WHERE e.pos IS NULL OR e.pos > (SELECT c.pos FROM sync.feed_cursor c WHERE c.feed = 'catalog')";
        stand.count(unheard).await + stand.count(running).await + stand.count(open).await == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_lease_and_a_dead_letter_keep_the_id_of_what_they_said_and_no_more() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let (bna, platform) = informed(&stand, &admin).await;
    let (before, mut sql) = (bna.heard(), stand.sql().await);
    // The process is gone after sending, twice, and the record changes in between and back
    for name in ["First", "Second", "First"] {
        bna.next(Mood::Hangs);
        let heard = bna.heard();
        rename(&admin, TV, name).await;
        let open = "SELECT count(*) AS n FROM catalog.event e WHERE e.pos IS NULL OR e.pos > (SELECT c.pos FROM sync.feed_cursor c WHERE c.feed = 'catalog')";
        until("it is heard of", async || stand.count(open).await == 0).await;
        Stand::execute(&mut sql, "UPDATE sync.ek_delivery SET lease = 'dead', lease_until = now() WHERE state = 'sending'").await;
        until("it is called", async || bna.heard() > heard).await;
    }
    // And once more, with nothing changed
    bna.next(Mood::Answers(400, ""));
    Stand::execute(&mut sql, "UPDATE sync.ek_delivery SET attempts = 9 WHERE state IN ('waiting', 'sending')").await;
    Stand::execute(&mut sql, "UPDATE sync.ek_delivery SET lease = 'dead', lease_until = now() WHERE state = 'sending'").await;
    until("it is dead or done", async || {
        stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state IN ('waiting', 'sending')").await == 0
    })
    .await;
    let again = admin
        .send("POST", "/object/ek.delivery/action_replay", &[], r#"{"params": {"kwargs": {"filter": [["state", "=", "dead"]]}}}"#)
        .await;
    assert_eq!(again.status, 200, "{}", again.text);
    replay(&admin, platform).await;
    told(&stand).await;
    let calls = bna.calls();
    each_id_says_one_thing(&calls);
    let told: Vec<(String, &str)> =
        calls[before..].iter().map(|call| (call.json()["name"].as_str().unwrap().to_owned(), call.header("webhook-id"))).collect();
    let distinct = |name: &str| told.iter().filter(|(of, _)| of == name).map(|(_, id)| *id).collect::<BTreeSet<_>>().len();
    assert_eq!(distinct("Second"), 1, "{told:#?}");
    // What came between is overwritten only by what has another id than the first had
    let last_second = told.iter().rposition(|(of, _)| of == "Second").unwrap();
    assert!(told[last_second + 1..].iter().all(|(_, id)| told[..last_second].iter().all(|(_, before)| before != id)), "{told:#?}");
    assert!(told[last_second + 1..].windows(2).all(|two| two[0].1 == two[1].1), "a dead letter that says the same keeps its id: {told:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_to_what_is_there_goes_on_as_a_put_of_its_own_id_and_its_configurations_come_one_by_one() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let bna = Platform::new().await;
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    bna.next(Mood::Answers(409, ""));
    bna.next(Mood::Answers(503, "retry-after: 1\r\n"));
    id(&ekiclik.create("product.template", product("T-1")).await);
    bna.hears("the update", |call| call.line == "PUT /api/odoo/products/update").await;
    until("it waits", async || deliveries(&admin, json!([["state", "=", "waiting"], ["last_status", "=", 503]])).await.len() == 1).await;
    replay(&admin, platform).await;
    told(&stand).await;
    let calls = bna.calls();
    let lines: Vec<&str> = calls.iter().map(|call| call.line.as_str()).collect();
    let expected = [
        "POST /api/odoo/products",
        "PUT /api/odoo/products/update",
        "PUT /api/odoo/products/update",
        "PUT /api/odoo/products/configuration",
    ];
    assert_eq!(lines, expected);
    each_id_says_one_thing(&calls);
    assert_ne!(calls[0].header("webhook-id"), calls[1].header("webhook-id"));
    assert_eq!(calls[1].header("webhook-id"), calls[2].header("webhook-id"), "the retry says the same");
    assert_eq!(calls[3].json()["reference"], "T-1-A");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quantity_comes_after_its_configuration_and_that_after_its_product_which_is_told_first_if_it_never_was() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (bna, alsalam) = (Platform::new().await, Platform::new().await);
    platform_of(&admin, "BNA", &bna.url).await;
    let without = json!({"name": "Alsalam", "base_url": alsalam.url, "secret": SECRET, "wants_products": false});
    id(&admin.create("ek.platform", without).await);
    // Of the demo's goods neither platform has heard
    Goods::count(&admin, ALGER, TV, 7.0).await;
    told(&stand).await;
    let lines = |platform: &Platform| {
        let mut lines: Vec<String> = platform.calls().into_iter().map(|call| call.line).collect();
        // A row that is made and then counted is two changes
        lines.dedup();
        lines
    };
    assert_eq!(lines(&bna), ["POST /api/odoo/products", "PUT /api/odoo/stocks"]);
    assert_eq!(lines(&alsalam), ["PUT /api/odoo/stocks"], "what a platform does not want it need not take");
    // An archived configuration does not come with its product
    let archived = admin.write("product.template", json!([["manufacturer_ref", "=", "ATLAS-CAN3-BE"]]), json!({"active": false})).await;
    assert_eq!(archived.status, 200, "{}", archived.text);
    Goods::count(&admin, ALGER, CANAPE, 3.0).await;
    told(&stand).await;
    let before = bna.heard();
    let quant = admin.create("stock.quant", json!({"product_id": "ATLAS-CAN3-BE", "location_id": ALGER, "inventory_quantity": 2})).await;
    if quant.status == 200 {
        assert_eq!(admin.call("stock.quant", id(&quant), "action_apply_inventory", json!([])).await.status, 200);
        told(&stand).await;
        let calls = &bna.calls()[before..];
        assert!(calls.iter().any(|call| call.line == "PUT /api/odoo/stocks"), "{calls:#?}");
    }
    // Forty products, each with its quantity at once
    for n in 0..40 {
        let reference = format!("Q-{n}");
        id(&ekiclik.create("product.template", product(&reference)).await);
        Goods::count(&admin, ALGER, &format!("{reference}-A"), f64::from(n + 1)).await;
    }
    told(&stand).await;
    let mut known = BTreeSet::new();
    for call in bna.calls() {
        let body = call.json();
        match call.line.as_str() {
            "POST /api/odoo/products" => {
                known.insert(body["ref_odoo"].to_string());
                known.extend(body["configurations"].as_array().unwrap().iter().map(|one| one["ref_odoo"].to_string()));
            }
            "PUT /api/odoo/products/configuration" => {
                assert!(known.contains(&body["product_ref_odoo"].to_string()), "{}", call.body);
                known.insert(body["ref_odoo"].to_string());
            }
            "PUT /api/odoo/stocks" => assert!(known.contains(&body[0]["configuration_ref_odoo"].to_string()), "{}", call.body),
            _ => {}
        }
    }
    let posted = bna.calls().iter().filter(|call| call.line == "POST /api/odoo/products").count();
    assert_eq!(posted, 42, "each product once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_cause_makes_what_waits_for_it_say_so_and_its_replay_frees_it() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let bna = Platform::new().await;
    platform_of(&admin, "BNA", &bna.url).await;
    bna.usually(Mood::Answers(400, ""));
    id(&ekiclik.create("product.template", product("X-1")).await);
    until("it waits", async || deliveries(&admin, json!([["last_status", "=", 400]])).await.len() == 1).await;
    let mut sql = stand.sql().await;
    Stand::execute(&mut sql, "UPDATE sync.ek_delivery SET attempts = 9, next_attempt = now() WHERE state = 'waiting'").await;
    until("it is dead", async || deliveries(&admin, json!([["state", "=", "dead"]])).await.len() == 1).await;
    let dead = deliveries(&admin, json!([["state", "=", "dead"]])).await.remove(0);
    rename(&ekiclik, "X-1-A", "After it died").await;
    Goods::count(&admin, ALGER, "X-1-A", 5.0).await;
    let words = format!("waits for product {}", dead["record_id"]);
    until("both say what they wait for", async || {
        let waiting = deliveries(&admin, json!([["state", "=", "waiting"]])).await;
        waiting.len() == 2 && waiting.iter().all(|one| one["last_error"] == words && one["attempts"] == 0)
    })
    .await;
    let heard = bna.heard();
    bna.usually(Mood::Answers(200, ""));
    assert_eq!(admin.call("ek.delivery", dead["id"].as_i64().unwrap(), "action_replay", json!([])).await.status, 200);
    told(&stand).await;
    let calls = &bna.calls()[heard..];
    assert_eq!(
        (calls[0].line.as_str(), calls.last().unwrap().line.as_str()),
        ("POST /api/odoo/products", "PUT /api/odoo/stocks"),
        "{calls:#?}"
    );
    assert!(calls[0].body.contains("After it died"));
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state <> 'done'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_platform_refuses_of_a_child_keeps_neither_its_parent_nor_its_siblings() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let (bna, _) = informed(&stand, &admin).await;
    bna.next(Mood::Answers(404, ""));
    Goods::count(&admin, ALGER, TV, 9.0).await;
    until("the quantity waits", async || deliveries(&admin, json!([["state", "=", "waiting"], ["kind", "=", "stock"]])).await.len() == 1)
        .await;
    let renamed = admin.write("product.master", json!([["id", "=", 1]]), json!({"name": "The parent"})).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    rename(&admin, "IRIS-TV55-G", "The sibling").await;
    bna.hears("the parent", |call| call.line == "PUT /api/odoo/products/update" && call.body.contains("The parent")).await;
    bna.hears("the sibling", |call| call.body.contains("The sibling")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_410_nothing_more_is_begun() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let bna = Platform::new().await;
    let platform = id(&admin.create("ek.platform", json!({"name": "BNA", "base_url": bna.url, "secret": SECRET, "active": false})).await);
    for n in 0..60 {
        id(&ekiclik.create("product.template", product(&format!("G-{n}"))).await);
    }
    until("all wait", async || stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'waiting'").await == 60).await;
    bna.usually(Mood::Answers(410, ""));
    let on = async || {
        let on = admin.send("PUT", &format!("/api/ek.platform/{platform}"), &[], r#"{"params": {"data": {"active": true}}}"#).await;
        assert_eq!(on.status, 200, "{}", on.text);
    };
    on().await;
    let off = "SELECT count(*) AS n FROM sync.ek_platform WHERE NOT active";
    until("it is off", async || stand.count(off).await == 1).await;
    until("nothing is on its way", async || stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'sending'").await == 0)
        .await;
    assert!((1..=8).contains(&bna.heard()), "only those that were on their way when it said so: {}", bna.heard());
    // Switched on again it hears everything
    bna.usually(Mood::Answers(200, ""));
    on().await;
    told(&stand).await;
    each_id_says_one_thing(&bna.calls());
    let posted: BTreeSet<String> = bna.calls().iter().map(|call| call.json()["refConstructor"].to_string()).collect();
    assert_eq!(posted.len(), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_of_sale_has_the_users_of_the_platforms_bank_that_are_active() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let (bna, alsalam) = (Platform::new().await, Platform::new().await);
    for (bank, platform) in [("BNA", &bna), ("Alsalam", &alsalam)] {
        platform_of(&admin, bank, &platform.url).await;
    }
    let user = |login: &str, bank: Option<&str>, active: bool| {
        let mut user = json!({"name": format!("User {login}"), "login": login, "password": format!("{login} has a long password"), "code_pos": ALGER, "active": active});
        if let Some(bank) = bank {
            user["bank_id"] = bank.into();
            user["role"] = "ROLE_POS_EK".into();
        }
        user
    };
    for (login, bank, active) in
        [("of-bna", Some("BNA"), true), ("left-bna", Some("BNA"), false), ("of-alsalam", Some("Alsalam"), true), ("of-the-hub", None, true)]
    {
        id(&admin.create("res.users", user(login, bank, active)).await);
    }
    let changed = admin.write("res.partner", json!([["code_pos", "=", ALGER]]), json!({"mobile": "0555 11 22 33"})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    for (platform, own) in [(&bna, "of-bna"), (&alsalam, "of-alsalam")] {
        let told = platform
            .hears("the point of sale", |call| call.line.ends_with(" /api/odoo/pos") && call.body.contains("0555 11 22 33"))
            .await
            .json();
        let logins: Vec<&str> = told["users"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect();
        assert_eq!(logins, [own]);
    }
    told(&stand).await;
    for (platform, own) in [(&bna, "of-bna"), (&alsalam, "of-alsalam")] {
        for other in ["of-bna", "left-bna", "of-alsalam", "of-the-hub"].into_iter().filter(|other| *other != own) {
            let heard = platform.calls().into_iter().find(|call| call.line.ends_with("/pos") && call.body.contains(other));
            assert!(heard.is_none(), "{other}: {heard:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_hear_is_asked_again_when_the_body_is_built() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let bna = Platform::new().await;
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    let (email, since) = ("mourad.belkacem@example.dz", "2020-01-01");
    let write = async |model: &str, filter: Value, data: Value| {
        let written = admin.write(model, filter, data).await;
        assert_eq!((written.status, written.headers["x-records-matched"].as_str()), (200, "1"), "{}", written.text);
    };
    let client = json!([["email", "=", email]]);
    write("res.partner", client.clone(), json!({"name": "Known to BNA"})).await;
    write("res.users", json!([["login", "=", "bna"]]), json!({"name": "Also BNA's"})).await;
    told(&stand).await;
    assert_eq!(bna.heard(), 2, "{:?}", bna.calls());
    // Both are told, but not yet delivered, when the bank loses them
    bna.usually(Mood::Answers(500, ""));
    write("res.partner", client.clone(), json!({"name": "Still BNA's"})).await;
    write("res.users", json!([["login", "=", "bna"]]), json!({"name": "Still there"})).await;
    until("both wait", async || {
        stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'waiting' AND attempts > 0").await == 2
    })
    .await;
    let mut sql = stand.sql().await;
    Stand::execute(
        &mut sql,
        &format!("UPDATE partners.res_partner SET bank_ids = '{{1}}', name = 'Secret' WHERE email = '{email}'; UPDATE partners.res_users SET bank_id = 1, name = 'Secret' WHERE login = 'bna'"),
    )
    .await;
    bna.usually(Mood::Answers(200, ""));
    let before = bna.heard();
    replay(&admin, platform).await;
    told(&stand).await;
    assert_eq!(bna.heard(), before, "{:?}", bna.calls());
    // Nor by what was delivered before, nor by all
    assert_eq!(admin.call("ek.platform", platform, "action_replay", json!([since])).await.status, 200);
    told(&stand).await;
    assert_eq!(admin.call("ek.platform", platform, "action_full_sync", json!([["client", "user"]])).await.status, 200);
    until("it is synced", async || stand.count("SELECT count(*) AS n FROM sync.ek_sync WHERE state = 'running'").await == 0).await;
    told(&stand).await;
    assert!(!bna.calls().iter().any(|call| call.body.contains("Secret")), "{:?}", bna.calls());
    // What it has said that it does not want it does not get either
    write("ek.platform", json!([["id", "=", platform]]), json!({"active": false})).await;
    assert_eq!(admin.write("res.partner", json!([["is_pos", "=", true]]), json!({"mobile": "0666"})).await.status, 200);
    until("they wait", async || stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'waiting'").await == 3).await;
    write("ek.platform", json!([["id", "=", platform], ["active", "=", false]]), json!({"wants_pos": false, "active": true})).await;
    told(&stand).await;
    assert!(!bna.calls().iter().any(|call| call.line.ends_with("/pos")), "{:?}", bna.calls());
}
