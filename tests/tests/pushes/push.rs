//! What a platform is told, over real sockets: products, quantities, orders, all of it again.

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::platform::{Mood, Platform, SECRET, inform, platform_of};
use system_tests::stock::{ALGER, Goods, TV};
use system_tests::{Stand, id, refused, until};

use crate::{all_told, deliveries, product, rename, signalled};

/// What a platform compares by.
fn digest(body: &str) -> String {
    sync::signature::digest(&sync::signature::secret(SECRET).unwrap(), body)
}

/// What it compared by before.
fn bare_digest(body: &str) -> String {
    use sha2::Digest;
    domain::hex(&sha2::Sha256::digest(body))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_its_changes_and_its_archiving_arrive_signed_and_in_order() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (alsalam, bna) = (Platform::new().await, Platform::new().await);
    platform_of(&admin, "Alsalam", &alsalam.url).await;
    platform_of(&admin, "BNA", &bna.url).await;

    let last = id(&ekiclik.create("product.template", product("P-1", &["P-1-A", "P-1-B"])).await);
    let made = alsalam.hears("the product", |call| call.line == "POST /api/odoo/products").await;
    let body = made.json();
    assert_eq!(body["refConstructor"], "P-1", "{body}");
    assert_eq!(body["categoryName"], "Meubles");
    assert_eq!(body["configurations"].as_array().unwrap().len(), 2, "{body}");
    assert_eq!(body["configurations"][1]["ref_odoo"], format!("rc_variante{last}"));
    // 100 × 1.1111, and × 1.6 for furniture
    assert_eq!((&body["configurations"][0]["buyingPrice"], &body["configurations"][0]["price"]), (&json!(111.11), &json!(177.78)));
    let (moment, id_of) = (made.header("webhook-timestamp").parse().unwrap(), made.header("webhook-id"));
    let secret = sync::signature::secret(SECRET).unwrap();
    assert_eq!(made.header("webhook-signature"), sync::signature::sign(&[secret], id_of, moment, made.body.as_bytes()));
    assert!(made.header("traceparent").starts_with("00-") && id_of.starts_with("msg_"), "{made:?}");

    assert_eq!(rename(&ekiclik, "P-1-A", "Renamed", None).await.status, 200);
    let changed = alsalam.hears("the new name", |call| call.line == "PUT /api/odoo/products/configuration").await;
    assert_eq!(
        (changed.json()["name"].as_str(), changed.json()["product_ref_odoo"].as_str()),
        (Some("Renamed"), body["ref_odoo"].as_str())
    );

    ekiclik.write("product.template", json!([["manufacturer_ref", "=", "P-1-B"]]), json!({"active": false})).await;
    let archived = alsalam.hears("the archiving", |call| call.line.starts_with("PATCH")).await;
    assert_eq!(
        (archived.line, archived.body.as_str()),
        (format!("PATCH /api/odoo/products/configuration/archive/rc_variante{last}"), "{}")
    );
    bna.hears("the archiving too", |call| call.line.starts_with("PATCH")).await;
    all_told(&stand).await;
    let lines: Vec<_> = alsalam.calls().into_iter().map(|call| call.line).collect();
    assert_eq!(lines.len(), 3, "one call a change: {lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_does_not_hear_what_it_caused_nor_of_others_clients() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (alsalam, bna) = (Platform::new().await, Platform::new().await);
    platform_of(&admin, "Alsalam", &alsalam.url).await;
    platform_of(&admin, "BNA", &bna.url).await;
    assert_eq!(rename(&ekiclik, "IRIS-TV55-N", "Named by Alsalam", Some("Alsalam")).await.status, 200);
    bna.hears("the name", |call| call.body.contains("Named by Alsalam")).await;
    // A client of BNA's, changed by the hub
    let changed = admin.write("res.partner", json!([["email", "=", "mourad.belkacem@example.dz"]]), json!({"name": "Mourad B."})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let client = bna.hears("the client", |call| call.line == "PUT /api/odoo/client/clients").await.json();
    assert_eq!((client["name"].as_str(), client["email"].as_str()), (Some("Mourad B."), Some("mourad.belkacem@example.dz")));
    all_told(&stand).await;
    assert_eq!(alsalam.calls().len(), 0, "{:?}", alsalam.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn quantities_arrive_absolute_and_with_a_version() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, Platform::new().await);
    platform_of(&admin, "BNA", &bna.url).await;
    let master = stand
        .login("ekiclik")
        .await
        .rows("product.product", &[("filter", r#"[["manufacturer_ref", "=", "IRIS-TV55-N"]]"#), ("query", "{id}")])
        .await;
    let product = master[0]["id"].as_i64().unwrap();
    let counted = json!({"product_id": product, "location_id": 4, "inventory_quantity": 17});
    let quant = id(&admin.create("stock.quant", counted).await);
    let done = admin.call("stock.quant", quant, "action_apply_inventory", json!([])).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let told = bna
        .hears("17 in the central warehouse", |call| call.line == "PUT /api/odoo/stocks" && call.body.contains("\"realQuantity\":17"))
        .await
        .json();
    let row = told.as_array().unwrap().iter().find(|row| row["pos"] == "EKIWH").unwrap();
    assert_eq!(
        (&row["availableQuantity"], row["configuration_ref_odoo"].as_str()),
        (&row["realQuantity"], Some(format!("rc_variante{product}").as_str()))
    );
    assert!(row["version"].as_i64().unwrap() > 0 && row["sellingPrice"].is_number(), "{row}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_folded_and_comes_when_the_platform_is_back() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (down, up) = (Platform::new().await, Platform::new().await);
    let of_down = platform_of(&admin, "Alsalam", &down.url).await;
    platform_of(&admin, "BNA", &up.url).await;
    down.usually(Mood::Resets);
    // Enough different records to break, then one of them over and over
    for n in 0..6 {
        let reference = format!("F-{n}");
        id(&ekiclik.create("product.template", product(&reference, &[&format!("{reference}-A")])).await);
    }
    let breaker = async || {
        admin
            .rows("ek.platform", &[("filter", r#"[["name", "=", "Alsalam"]]"#), ("query", "{breaker, waiting, oldest_waiting, dead}")])
            .await
            .remove(0)
    };
    until("the breaker opens", async || breaker().await["breaker"] == "open").await;
    for n in 0..5 {
        rename(&ekiclik, "F-0-A", &format!("Name {n}"), None).await;
    }
    up.hears("the last name", |call| call.body.contains("Name 4")).await;
    // One a product; one more where a name came while its product was on its way
    let waiting = breaker().await["waiting"].as_i64().unwrap();
    assert!((6..=7).contains(&waiting), "{waiting}");
    down.usually(Mood::Answers(200, ""));
    let replayed = admin.call("ek.platform", of_down, "action_replay", json!([])).await;
    assert_eq!(replayed.status, 200, "{}", replayed.text);
    let folded = down.hears("the product with its last name", |call| call.body.contains("\"F-0\"") && call.body.contains("Name 4")).await;
    assert_eq!(folded.line, "POST /api/odoo/products");
    all_told(&stand).await;
    assert_eq!((breaker().await["breaker"].as_str(), breaker().await["dead"].as_i64()), (Some("closed"), Some(0)));
    // A call that was cut off and its next try bear one id
    let ids: std::collections::BTreeSet<_> =
        down.calls().iter().filter(|call| call.body.contains("\"F-5\"")).map(|call| call.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_are_obeyed() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let bna = Platform::new().await;
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    // 409 to a POST: it is there already
    bna.next(Mood::Answers(409, ""));
    id(&ekiclik.create("product.template", product("O-1", &["O-1-A"])).await);
    let put = bna.hears("the product by PUT", |call| call.line == "PUT /api/odoo/products/update").await;
    assert!(put.json().get("configurations").is_none());
    all_told(&stand).await;
    // A redirect is no success, and is not followed; 429 waits as long as it says
    for (mood, status, least) in [
        (Mood::Answers(302, "location: /elsewhere\r\n"), 302, 4),
        (Mood::Answers(429, "retry-after: 120\r\n"), 429, 100),
        (Mood::Answers(500, ""), 500, 4),
        (Mood::Answers(400, ""), 400, 4),
    ] {
        bna.next(mood);
        rename(&ekiclik, "O-1-A", &format!("Name {status}"), None).await;
        until("it waits", async || {
            deliveries(&admin, &format!(r#"[["state", "=", "waiting"], ["last_status", "=", {status}]]"#)).await.len() == 1
        })
        .await;
        let n = stand.count(&format!("SELECT extract(epoch FROM next_attempt - now())::bigint AS n FROM sync.ek_delivery WHERE state = 'waiting' AND last_status = {status}")).await;
        assert!((least - 1..=120).contains(&n), "{status}: {n} s");
        admin.call("ek.platform", platform, "action_replay", json!([])).await;
        all_told(&stand).await;
    }
    assert!(!bna.calls().iter().any(|call| call.line.contains("elsewhere")));
    // An answer without end is read to a bound only
    bna.next(Mood::Floods(100_000_000));
    rename(&ekiclik, "O-1-A", "Flooded", None).await;
    all_told(&stand).await;
    // 410 switches it off
    bna.next(Mood::Answers(410, ""));
    rename(&ekiclik, "O-1-A", "Gone", None).await;
    until("it is off", async || stand.count("SELECT count(*) AS n FROM sync.ek_platform WHERE NOT active").await == 1).await;
    let event = "event WHERE kind = 'updated' AND version = (SELECT p.version FROM sync.ek_platform p WHERE p.id = record_id)";
    for left in [event, "audit WHERE field = 'active' AND after = 'false'"] {
        let left = format!("SELECT count(*) AS n FROM sync.{left} AND model = 'ek.platform' AND record_id = {platform}");
        assert_eq!(stand.count(&left).await, 1, "{left}");
    }
    let on = admin.write("ek.platform", json!([["id", "=", platform]]), json!({"active": true})).await;
    assert_eq!(on.status, 200, "{}", on.text);
    bna.hears("what was missed", |call| call.body.contains("\"Gone\"")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_signs_beside_the_old_one_and_paths_can_be_a_platforms_own() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let bna = Platform::new().await;
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazm/Jg5YzCM=";
    let data = json!({"secret": other, "paths": r#"{"/api/odoo": "/v2", "/api/odoo/products/configuration": "/v2/items"}"#});
    assert_eq!(admin.write("ek.platform", json!([["id", "=", platform]]), data).await.status, 200);
    refused(&admin.write("ek.platform", json!([["id", "=", platform]]), json!({"paths": "[1]"})).await, 422, &["`paths`"]);
    inform(&stand, &admin, platform).await;
    rename(&admin, "IRIS-TV55-N", "Rotated", None).await;
    let call = bna.hears("the name", |call| call.body.contains("Rotated")).await;
    assert_eq!(call.line, "PUT /v2/items");
    let secrets: Vec<_> = [other, SECRET].iter().map(|text| sync::signature::secret(text).unwrap()).collect();
    let moment = call.header("webhook-timestamp").parse().unwrap();
    let both = sync::signature::sign(&secrets, call.header("webhook-id"), moment, call.body.as_bytes());
    assert_eq!(call.header("webhook-signature"), both);
}

#[tokio::test(flavor = "multi_thread")]
async fn platforms_that_hang_or_drip_are_left_and_each_call_is_told() {
    let stand = Stand::with(&[("PLATFORM_TIMEOUT", "1")]).await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (bna, alsalam) = (Platform::new().await, Platform::new().await);
    let of_bna = platform_of(&admin, "BNA", &bna.url).await;
    platform_of(&admin, "Alsalam", &alsalam.url).await;
    bna.next(Mood::Hangs);
    bna.next(Mood::Drips);
    rename(&ekiclik, "IRIS-TV55-N", "Late", None).await;
    alsalam.hears("it, meanwhile", |call| call.body.contains("\"Late\"")).await;
    for tries in 1..=2 {
        let filter = format!(r#"[["attempts", "=", {tries}], ["state", "=", "waiting"]]"#);
        until("it has failed", async || deliveries(&admin, &filter).await.len() == 1).await;
        admin.call("ek.platform", of_bna, "action_replay", json!([])).await;
    }
    all_told(&stand).await;
    let query = "{attempts, attempt_ids{at, milliseconds, status, error}}";
    let told = admin.rows("ek.delivery", &[("filter", &format!(r#"[["platform_id", "=", {of_bna}]]"#)), ("query", query)]).await.remove(0);
    let attempts = told["attempt_ids"].as_array().unwrap();
    let statuses: Vec<_> = attempts.iter().map(|attempt| attempt["status"].clone()).collect();
    assert_eq!((told["attempts"].as_i64(), statuses), (Some(3), vec![json!(200), json!(0), json!(0)]), "{told}");
    assert!(attempts[1]["milliseconds"].as_i64().unwrap() >= 1_000 && attempts[1]["error"] == "no answer in time", "{told}");
    assert_eq!(stand.login("bna").await.rows("ek.attempt", &[("query", "{*}")]).await.len(), 3, "a bank sees its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_message_ends_as_a_dead_letter_and_is_replayed() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let bna = Platform::new().await;
    platform_of(&admin, "BNA", &bna.url).await;
    bna.next(Mood::Answers(400, ""));
    rename(&ekiclik, "IRIS-TV55-N", "Poison", None).await;
    until("it waits", async || deliveries(&admin, r#"[["state", "=", "waiting"], ["last_status", "=", 400]]"#).await.len() == 1).await;
    bna.next(Mood::Answers(400, ""));
    let mut sql = stand.sql().await;
    Stand::execute(&mut sql, "UPDATE sync.ek_delivery SET attempts = 9, next_attempt = now() WHERE state = 'waiting'").await;
    until("it is dead", async || deliveries(&admin, r#"[["state", "=", "dead"]]"#).await.len() == 1).await;
    let dead = deliveries(&admin, r#"[["state", "=", "dead"]]"#).await.remove(0);
    assert_eq!((dead["attempts"].as_i64(), dead["last_status"].as_i64()), (Some(10), Some(400)));
    let replayed = admin.call("ek.delivery", dead["id"].as_i64().unwrap(), "action_replay", json!([])).await;
    assert_eq!(replayed.status, 200, "{}", replayed.text);
    all_told(&stand).await;
    let heard = || bna.calls().iter().filter(|call| call.body.contains("Poison")).count();
    assert_eq!(heard(), 3);
    // Those of a filter are told once more
    let path = "/object/ek.delivery/action_replay";
    let replay = async |filter: Value| admin.send("POST", path, &[], &json!({"params": {"kwargs": {"filter": filter}}}).to_string()).await;
    assert_eq!(replay(json!([["state", "=", "done"], ["kind", "=", "configuration"]])).await.result(), json!(1));
    all_told(&stand).await;
    assert_eq!(heard(), 4);
    assert_eq!(replay(json!([["state", "=", "dead"]])).await.result(), json!(0));
    refused(&replay(json!([])).await, 422, &["filter"]);
    refused(&replay(json!([["colour", "=", "red"]])).await, 400, &["colour"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_platform_is_told_everything() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let bna = Platform::new().await;
    let quant = id(&admin.create("stock.quant", json!({"product_id": 1, "location_id": 4, "inventory_quantity": 17})).await);
    assert_eq!(admin.call("stock.quant", quant, "action_apply_inventory", json!([])).await.status, 200);
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    let begun = admin.call("ek.platform", platform, "action_full_sync", json!([])).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    until("all is told", async || admin.rows("ek.sync", &[("query", "{state, told}")]).await.iter().all(|row| row["state"] == "done"))
        .await;
    all_told(&stand).await;
    let many = |line: &str| bna.calls().iter().filter(|call| call.line == line).count();
    assert_eq!((many("POST /api/odoo/products"), many("POST /api/odoo/pos"), many("POST /api/odoo/users")), (3, 3, 1));
    assert_eq!(many("PUT /api/odoo/client/clients"), 1, "its own client only");
    assert_eq!(many("PUT /api/odoo/stocks"), 1, "of what is anywhere");
    // What it was sent can be compared
    let compared = async |arguments: Value| admin.call("ek.platform", platform, "action_compare", arguments).await.result();
    let all = compared(json!(["product"])).await;
    assert_eq!((all["count"].as_i64(), all["checksum"].as_str().map(str::len)), (Some(3), Some(64)), "{all}");
    let body = bna.calls().iter().find(|call| call.line == "PUT /api/odoo/stocks").map(|call| call.body.clone()).unwrap();
    for own in [digest(&body), bare_digest(&body)] {
        let same = compared(json!(["stock", {"1": own}])).await;
        assert_eq!((&same["count"], &same["differing"]), (&json!(1), &json!([])), "{same}");
        let (path, body) =
            (format!("/object/ek.platform/{platform}/action_compare"), json!({"params": {"kind": "stock", "digests": {"1": own}}}));
        assert_eq!(admin.send("POST", &path, &[], &body.to_string()).await.result()["differing"], json!([]));
    }
    let line = format!("1 {}\n", digest(&body));
    assert_eq!(compared(json!(["stock"])).await["checksum"], bare_digest(&line));
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_sent WHERE digest NOT LIKE 'hmac:%'").await, 0, "nothing bare is kept");
    assert_eq!(compared(json!(["stock", {"1": "other", "77": "more"}])).await["differing"], json!([1, 77]));
    assert_eq!(compared(json!(["configuration"])).await["count"], 5, "told with their products");
    // A brand's new name is told of its products
    let before = bna.calls().len();
    admin.write("product.brand", json!([["name", "=", "Condor"]]), json!({"name": "Condor Électronique"})).await;
    let told = bna.hears("the product with its brand's name", |call| call.body.contains("Condor Électronique")).await;
    assert_eq!(told.line, "PUT /api/odoo/products/update");
    all_told(&stand).await;
    assert_eq!(bna.calls().len(), before + 1);
    // A category that becomes furniture has other prices
    let of_first =
        admin.rows("product.product", &[("filter", r#"[["id", "=", 1]]"#), ("query", "{selling_price, categ_id{id}}")]).await.remove(0);
    admin.write("product.template", json!([["id", "=", 1]]), json!({"list_price": 0, "standard_price": 100})).await;
    admin.write("product.category", json!([["id", "=", of_first["categ_id"]["id"]]]), json!({"name": "Meubles de salon"})).await;
    bna.hears("the configuration's price", |call| call.line.ends_with("/configuration") && call.body.contains(r#""price":177.78"#)).await;
    bna.hears("the price of its goods", |call| call.line.ends_with("/stocks") && call.body.contains(r#""sellingPrice":177.78"#)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orders_end_is_told_to_its_bank_when_the_hub_caused_it() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (alsalam, bna) = (Platform::new().await, Platform::new().await);
    platform_of(&admin, "Alsalam", &alsalam.url).await;
    platform_of(&admin, "BNA", &bna.url).await;
    let lead = json!({"create_by": "ekiclik", "order_source": "Alsalam", "cart_id": 9001,
        "partner": {"email": "yasmine.cherif@example.dz", "salary": 90000, "birth_date": "1993-11-03", "monthly_payment": 5321, "periodicity": 12},
        "cart": [{"manufacturer_ref": "ATLAS-CAN3-BL", "quantity": 3, "product_warehouse_id": "PDVA-E-BOJ-BOJ-05-001"}],
        "quotation_address": {"type": "delivery", "street": "12 rue Didouche Mourad", "state_id": "Béjaïa", "country_id": "DZ", "ek_order_id": 9001}});
    let made = ekiclik.create("crm.lead", lead).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let short = alsalam.hears("what is short", |call| call.line == "PUT /api/odoo/order/9001").await.json();
    assert_eq!((&short["lines"][0]["quantity"], &short["lines"][0]["reserved"]), (&json!(3.0), &json!(0.0)), "{short}");
    let cancel = admin.write("sale.order", json!([["ek_order_id", "=", 9001]]), json!({"state": "EK_CLIENT_ORDER_CANCELED"})).await;
    assert_eq!(cancel.status, 200, "{}", cancel.text);
    alsalam.hears("that it is cancelled", |call| call.body.contains("EK_CLIENT_ORDER_CANCELED")).await;
    all_told(&stand).await;
    assert!(!bna.calls().iter().any(|call| call.line.contains("/order/")), "orders are their bank's");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_hub_did_last_is_told_even_if_it_is_heard_of_together_with_what_the_bank_did_before() {
    let stand = Stand::processes().await;
    let (admin, ekiclik, bna) = (stand.login("admin").await, stand.login("ekiclik").await, Platform::new().await);
    platform_of(&admin, "BNA", &bna.url).await;
    Goods::count(&admin, ALGER, TV, 10.0).await;
    signalled(&stand, Signal::STOP, "sync");
    for order in [9_101, 9_102] {
        let lead = json!({"order_source": "BNA", "cart_id": order, "partner": {"email": "mourad.belkacem@example.dz"},
            "cart": [{"manufacturer_ref": TV, "quantity": 1, "product_warehouse_id": ALGER}],
            "quotation_address": {"ek_order_id": order}});
        assert_eq!(ekiclik.create("crm.lead", lead).await.status, 200);
        let by_bank = order == 9_102;
        for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
            let filter = json!([["ek_order_id", "=", order]]);
            let step = if by_bank || state != "EK_ORDER_DELIVERED" {
                ekiclik.write("sale.order", filter, json!({"order_source": "BNA", "state": state})).await
            } else {
                admin.write("sale.order", filter, json!({"state": state})).await
            };
            assert_eq!(step.status, 200, "{}", step.text);
        }
    }
    let stamped = "SELECT count(*) AS n FROM crm.event WHERE pos IS NULL";
    until("every change has its position", async || stand.count(stamped).await == 0).await;
    signalled(&stand, Signal::CONT, "sync");
    bna.hears("the end that the hub caused", |call| call.line == "PUT /api/odoo/order/9101" && call.body.contains("DELIVERED")).await;
    all_told(&stand).await;
    assert!(!bna.calls().iter().any(|call| call.line.contains("9102")), "its own end: {:?}", bna.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_is_an_administrators_and_its_secret_nobodys() {
    let stand = Stand::new().await;
    let (admin, bank) = (stand.login("admin").await, stand.login("bna").await);
    refused(
        &admin.create("ek.platform", json!({"name": "BNA", "base_url": "ftp://x", "secret": "short"})).await,
        422,
        &["base_url", "secret"],
    );
    refused(
        &admin.create("ek.platform", json!({"name": "Nowhere", "base_url": "http://127.0.0.1:1", "secret": SECRET})).await,
        422,
        &["unknown bank 'Nowhere'"],
    );
    refused(&stand.login("ekiclik").await.create("ek.platform", json!({"name": "BNA"})).await, 403, &["ek.platform"]);
    let own = platform_of(&admin, "BNA", "http://127.0.0.1:1").await;
    platform_of(&admin, "Alsalam", "http://127.0.0.1:2").await;
    let read =
        admin.rows("ek.platform", &[("filter", &format!(r#"[["id", "=", {own}]]"#)), ("query", "{secret, base_url}")]).await.remove(0);
    assert_eq!((&read["secret"], read["base_url"].as_str()), (&json!(false), Some("http://127.0.0.1:1")));
    let seen = bank.rows("ek.platform", &[]).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].get("base_url").is_none() && seen[0].get("secret").is_none(), "{seen:?}");
    for table in ["event", "audit"] {
        assert_eq!(
            stand.count(&format!("SELECT count(*) AS n FROM sync.{table} t WHERE t::text LIKE '%whsec%' OR t::text LIKE '%test.%'")).await,
            0
        );
    }
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_platform WHERE secret LIKE '%whsec%'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_found_by_its_names() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let unknown = ekiclik
        .write("sale.order", json!([["ek_order_id", "=", "1416"]]), json!({"order_source": "Nobank", "state": "EK_ORDER_DELIVERED"}))
        .await;
    assert_eq!(unknown.status, 422, "{}", unknown.text);
    refused(&ekiclik.create("res.partner", json!({"email": "someone@example.dz", "phone": 5})).await, 422, &["name"]);
    let found = async |field: &str, value: &str| {
        let filter = json!([[field, "=", value]]).to_string();
        admin.rows("ek.request", &[("filter", &filter), ("query", "{method, path, login, status, error, message, email}")]).await
    };
    until("both are kept", async || stand.count("SELECT count(*) AS n FROM sync.ek_request").await == 2).await;
    let order = found("ek_order_id", "1416").await.remove(0);
    assert_eq!(
        (order["path"].as_str(), order["login"].as_str(), order["status"].as_i64()),
        (Some("/api/sale.order"), Some("ekiclik"), Some(422))
    );
    assert!(order["message"].as_str().unwrap().contains("Nobank"), "{order}");
    assert_eq!(found("email", "someone@example.dz").await[0]["path"], "/api/res.partner");
    assert_eq!(ekiclik.rows("ek.request", &[]).await.len(), 2, "its own");
    assert_eq!(stand.login("bna").await.rows("ek.request", &[]).await.len(), 0, "others'");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_followed_live_by_those_who_may_read_them() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, stand.login("bna").await);
    // From the beginning: the demo's own changes, as far as a bank's user may read them
    let mut heard = stand.follow(&bna, "/events?after=0&model=res.partner").await;
    let clients = heard.until("its client", |text| text.contains("\"res.partner\"")).await;
    assert!(clients.starts_with("retry: 2000") && clients.contains("\nevent: created\n"), "{clients}");
    assert_eq!(clients.matches("data: ").count(), 4, "three points of sale and its one client: {clients}");
    // From now on
    let mut live = stand.follow(&bna, "/events?model=product.template,res.partner").await;
    live.until("the greeting", |text| text.contains("retry")).await;
    assert_eq!(admin.write("res.partner", json!([["email", "=", "nadia.ziani@example.dz"]]), json!({"city": "Oran"})).await.status, 200);
    assert_eq!(rename(&admin, "IRIS-TV55-N", "Live", None).await.status, 200);
    let text = live.until("the product", |text| text.contains("\"product.template\"")).await;
    assert!(!text.contains("\"res.partner\""), "another bank's client is not for it: {text}");
    let last = text.lines().rev().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    // It goes on behind the last id
    let mut again = stand.follow(&bna, &format!("/events?after={last}")).await;
    assert_eq!(rename(&admin, "IRIS-TV55-G", "Next", None).await.status, 200);
    let next = again.until("the next", |text| text.contains("data: ")).await;
    assert_eq!(next.matches("data: ").count(), 1, "{next}");
    assert_eq!(stand.send("GET", "/events", &[], "").await.status, 401);
}
