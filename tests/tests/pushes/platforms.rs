//! What banks' platforms may do to the hub over time: die for a day, echo, answer anything; docs/faults.md tells which line of the list
//! each is.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use system_tests::platform::{Mood, Platform, SECRET, inform, platform_of};
use system_tests::stock::{ALGER, CANAPE, Goods, TV};
use system_tests::{Stand, id, until};

#[tokio::test(flavor = "multi_thread")]
async fn two_banks_that_mirror_each_other_come_to_rest() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (bna, alsalam) = (Platform::new().await, Platform::new().await);
    for (bank, platform) in [("BNA", &bna), ("Alsalam", &alsalam)] {
        platform_of(&admin, bank, &platform.url).await;
    }
    assert_eq!(admin.write("product.template", json!([["manufacturer_ref", "=", TV]]), json!({"name": "Mirrored"})).await.status, 200);
    // Each sends back what it hears, as its own change
    let mirror = async |platform: &Platform, bank: &str| {
        let heard = platform.hears("the name", |call| call.body.contains("Mirrored")).await.json();
        ekiclik
            .write(
                "product.template",
                json!([["manufacturer_ref", "=", heard["reference"]]]),
                json!({"name": heard["name"], "source": bank}),
            )
            .await
            .status
    };
    assert_eq!((mirror(&bna, "BNA").await, mirror(&alsalam, "Alsalam").await), (200, 200));
    stand.all_told(Duration::from_secs(10)).await;
    assert_eq!((bna.heard(), alsalam.heard()), (1, 1), "what is the same is no news");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bank_causes_it_does_not_hear_of_whatever_it_is() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (bna, alsalam) = (Platform::new().await, Platform::new().await);
    for (bank, platform) in [("BNA", &bna), ("Alsalam", &alsalam)] {
        platform_of(&admin, bank, &platform.url).await;
    }
    let client = json!([["email", "=", "mourad.belkacem@example.dz"]]);
    for (model, filter, data) in [
        ("product.master", json!([["id", "=", 1]]), json!({"description": "By a bank", "source": "BNA"})),
        ("product.template", json!([["manufacturer_ref", "=", TV]]), json!({"list_price": 70_000, "source": "BNA"})),
        ("res.partner", json!([["code_pos", "=", ALGER]]), json!({"mobile": "0555 11 22 33", "source": "BNA"})),
        ("res.partner", client, json!({"city": "Oran", "source": "BNA"})),
    ] {
        let changed = ekiclik.write(model, filter, data).await;
        assert!(changed.status == 200 && changed.headers["x-records-matched"] != "0", "{}", changed.text);
    }
    alsalam.hears("the point of sale", |call| call.line == "PUT /api/odoo/pos").await;
    stand.all_told(Duration::from_secs(10)).await;
    assert_eq!(bna.heard(), 0, "{:?}", bna.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn first_deliveries_of_a_quantity_have_rising_versions_whatever_the_platform_answers() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, Platform::new().await);
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    for n in 0..30 {
        match n % 5 {
            0 => bna.next(Mood::Answers(500, "")),
            1 => bna.next(Mood::Resets),
            2 => bna.next(Mood::Answers(429, "retry-after: 1\r\n")),
            _ => {}
        }
        Goods::count(&admin, "EKIWH", CANAPE, f64::from(n + 1)).await;
        if n % 4 == 0 {
            admin.call("ek.platform", platform, "action_replay", json!([])).await;
        }
    }
    let open = "SELECT count(*) AS n FROM sync.ek_delivery WHERE state IN ('waiting', 'sending')";
    system_tests::until_within(Duration::from_secs(60), "all is told", async || {
        admin.call("ek.platform", platform, "action_replay", json!([])).await;
        stand.count(open).await == 0
    })
    .await;
    let mut seen: BTreeMap<String, i64> = BTreeMap::new();
    let mut last = 0;
    for call in bna.calls().iter().filter(|call| call.line == "PUT /api/odoo/stocks") {
        let version = call.json()[0]["version"].as_i64().unwrap();
        if !seen.contains_key(call.header("webhook-id")) {
            assert!(version >= last, "{version} after {last}");
            last = version;
        }
        seen.insert(call.header("webhook-id").to_owned(), version);
    }
    assert_eq!(bna.calls().last().unwrap().json()[0]["realQuantity"], 30.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cant_be_told_ends_as_a_dead_letter_and_keeps_no_other() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, Platform::new().await);
    let platform = id(&admin.create("ek.platform", json!({"name": "BNA", "base_url": bna.url, "secret": SECRET, "active": false})).await);
    for (reference, name) in [(TV, "Poisoned"), (CANAPE, "Well")] {
        assert_eq!(admin.write("product.template", json!([["manufacturer_ref", "=", reference]]), json!({"name": name})).await.status, 200);
    }
    // Whoever reads the one fails
    let mut sql = stand.sql().await;
    Stand::execute(&mut sql, &format!(
        "CREATE FUNCTION public.poison(reference text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN IF reference = '{TV}' THEN RAISE EXCEPTION 'poison'; END IF; RETURN true; END $$; \
         ALTER TABLE catalog.product_template ENABLE ROW LEVEL SECURITY; ALTER TABLE catalog.product_template FORCE ROW LEVEL SECURITY; \
         CREATE POLICY poison ON catalog.product_template USING (public.poison(manufacturer_ref))"
    )).await;
    // A row that this release can't read, as another one may leave it
    Stand::execute(
        &mut sql,
        "INSERT INTO sync.ek_delivery (platform_id, kind, verb, order_key, model, record_id, webhook_id, changed_at) \
        SELECT id, 'mystery', 'PUT', 'mystery 1', 'x', 1, 'msg_mystery', now() FROM sync.ek_platform",
    )
    .await;
    let on = admin.send("PUT", &format!("/api/ek.platform/{platform}"), &[], r#"{"params": {"data": {"active": true}}}"#).await;
    assert_eq!(on.status, 200, "{}", on.text);
    bna.hears("the other", |call| call.body.contains("\"Well\"")).await;
    let failed =
        "SELECT count(*) AS n FROM sync.ek_delivery WHERE kind = 'product' AND attempts >= 1 AND last_error LIKE '%can''t be read%'";
    until("the poisoned one is counted", async || stand.count(failed).await == 1).await;
    Stand::execute(&mut sql, "UPDATE sync.ek_delivery SET attempts = 9, next_attempt = now() WHERE state = 'waiting'").await;
    until("it is dead in the end", async || stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'dead'").await == 1)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_is_dead_for_a_day_costs_no_attempt_keeps_its_order_and_hears_all() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (dead, well) = (Platform::new().await, Platform::new().await);
    for (bank, platform) in [("BNA", &dead), ("Alsalam", &well)] {
        platform_of(&admin, bank, &platform.url).await;
    }
    dead.usually(Mood::Resets);
    let mut sql = stand.sql().await;
    let attempts = async || {
        stand.count("SELECT coalesce(sum(attempts), 0)::bigint AS n FROM sync.ek_delivery d JOIN sync.ek_platform p ON p.id = d.platform_id WHERE p.name = 'BNA'").await
    };
    let is_open = "SELECT count(*) AS n FROM sync.ek_platform WHERE name = 'BNA' AND open_until IS NOT NULL";
    for n in 0..8 {
        let one = json!({"name": "x", "product_ref": format!("D-{n}"), "product": [{"name": "x", "manufacturer_ref": format!("D-{n}-A")}]});
        id(&ekiclik.create("product.template", one).await);
    }
    until("the breaker opens", async || stand.count(is_open).await == 1).await;
    let waits = "SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'sending'";
    until("nothing is on its way", async || stand.count(waits).await == 0).await;
    let before = attempts().await;
    // A day in 24 hours, each ending in a probe and a change that the other bank hears
    for hour in 0..24 {
        until("the probe before is settled", async || stand.count(waits).await == 0).await;
        let calls = dead.heard();
        Stand::execute(
            &mut sql,
            "UPDATE sync.ek_delivery SET changed_at = changed_at - interval '1 hour', create_date = create_date - interval '1 hour', \
            next_attempt = least(next_attempt, now()); UPDATE sync.ek_platform SET open_until = now() WHERE name = 'BNA'",
        )
        .await;
        until("it is probed", async || dead.heard() > calls).await;
        let name = format!("Hour {hour}");
        assert_eq!(ekiclik.write("product.template", json!([["manufacturer_ref", "=", "D-0-A"]]), json!({"name": name})).await.status, 200);
        well.hears("it, meanwhile", |call| call.body.contains(&format!("\"{name}\""))).await;
    }
    assert_eq!(attempts().await, before, "while the breaker is open no attempt counts");
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'dead'").await, 0);
    let rows = "SELECT count(*) AS n FROM sync.ek_delivery d JOIN sync.ek_platform p ON p.id = d.platform_id WHERE p.name = 'BNA' AND d.state = 'waiting'";
    assert!((8..=9).contains(&stand.count(rows).await), "folded");
    dead.usually(Mood::Answers(200, ""));
    let heard = dead.heard();
    Stand::execute(&mut sql, "UPDATE sync.ek_platform SET open_until = now() WHERE name = 'BNA'").await;
    stand.all_told(Duration::from_secs(30)).await;
    let told: Vec<_> = dead.calls().into_iter().skip(heard).filter(|call| call.line == "POST /api/odoo/products").collect();
    assert_eq!(told.len(), 8);
    assert!(told.iter().any(|call| call.body.contains("\"Hour 23\"")), "the newest state");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platforms_wish_to_wait_is_bounded_and_the_schedule_is_that_of_the_contract() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, Platform::new().await);
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    inform(&stand, &admin, platform).await;
    let mut sql = stand.sql().await;
    let mut wait = async |mood: Mood, attempts: i64| {
        bna.next(mood);
        Stand::execute(
            &mut sql,
            "UPDATE sync.ek_platform SET failures = 0, open_until = NULL; DELETE FROM sync.ek_delivery WHERE state <> 'done'",
        )
        .await;
        let calls = bna.heard();
        let name = format!("Name {calls} {attempts}");
        assert_eq!(admin.write("product.template", json!([["manufacturer_ref", "=", TV]]), json!({"name": name})).await.status, 200);
        until("it waits", async || {
            stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'waiting' AND attempts > 0").await == 1
        })
        .await;
        if attempts > 0 {
            bna.next(Mood::Answers(500, ""));
            Stand::execute(
                &mut stand.sql().await,
                &format!("UPDATE sync.ek_delivery SET attempts = {attempts}, next_attempt = now() WHERE state = 'waiting'"),
            )
            .await;
            let again = format!("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'waiting' AND attempts = {}", attempts + 1);
            until("it waits again", async || stand.count(&again).await == 1).await;
        }
        stand.count("SELECT extract(epoch FROM next_attempt - now())::bigint AS n FROM sync.ek_delivery WHERE state = 'waiting'").await
    };
    let mut waited = Vec::new();
    for (mood, least, most) in [
        (Mood::Answers(503, "retry-after: 30\r\n"), 25, 30),
        (Mood::Answers(429, "retry-after: 999999\r\n"), 3_590, 3_600),
        (Mood::Answers(429, "retry-after: 0\r\n"), 0, 1),
        (Mood::Answers(429, "retry-after: -5\r\n"), 0, 1),
        (Mood::Answers(429, "retry-after: soon\r\n"), 3, 6),
        (Mood::Answers(503, "retry-after: Tue, 31 Dec 2999 23:59:59 GMT\r\n"), 3_590, 3_600),
    ] {
        let what = format!("{mood:?}");
        waited.push((what, least, most, wait(mood, 0).await));
    }
    for (failures, planned) in [300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].into_iter().enumerate() {
        let failures = i64::try_from(failures).unwrap() + 1;
        waited.push((
            format!("after failure {}", failures + 1),
            planned * 89 / 100,
            planned * 111 / 100,
            wait(Mood::Answers(500, ""), failures).await,
        ));
    }
    for (what, least, most, seconds) in waited {
        assert!((least..=most).contains(&seconds), "{what}: {seconds} s");
    }
    // A call to a port that speaks no TLS fails, and the delivery waits
    let secure = bna.url.replace("http://", "https://");
    Stand::execute(&mut sql, "DELETE FROM sync.ek_delivery WHERE state <> 'done'").await;
    assert_eq!(admin.write("ek.platform", json!([["id", "=", platform]]), json!({"base_url": secure})).await.status, 200);
    assert_eq!(admin.write("product.template", json!([["manufacturer_ref", "=", TV]]), json!({"name": "By TLS"})).await.status, 200);
    let failed =
        "SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'waiting' AND attempts = 1 AND last_status IS NULL AND last_error <> ''";
    until("it fails", async || stand.count(failed).await == 1).await;
}
