//! Quantities, the ledger behind them, and what is done with goods.

use serde_json::json;
use system_tests::stock::{ALGER, BORDJ, CANAPE, Goods, TV, consistent};
use system_tests::{Session, Stand, id};

use crate::{Reader, plain, text_of};

/// The product and the location that a reference and a place's full name mean.
async fn at(session: &Session<'_>, reference: &str, place: &str) -> String {
    let filter = json!([["manufacturer_ref", "=", reference], ["location_id.complete_name", "=", place]]).to_string();
    let rows = session.rows("stock.quant", &[("filter", &filter), ("query", "{product_id, location_id}")]).await;
    format!("/web/stock/{}/{}", rows[0]["product_id"], rows[0]["location_id"])
}

/// A clerk of a point of sale: one who reads goods, and changes none.
async fn clerk(admin: &Session<'_>, code: &str) {
    let clerk = json!({"name": "Clerk", "login": "clerk", "password": "clerk-clerk", "bank_id": "Alsalam", "role": "ROLE_POS_EK", "code_pos": code});
    id(&admin.create("res.users", clerk).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_matrix_shows_products_by_places_and_each_number_leads_to_its_ledger() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    Goods::count(&admin, BORDJ, TV, 7.0).await;
    Goods::count(&admin, ALGER, TV, 1234.5).await;
    let reader = Reader::of(&stand, "admin").await;
    let page = reader.page("/web/stock").await;
    let text = text_of(&page);
    assert!(text.contains(BORDJ) && text.contains(ALGER) && text.contains("1 234,5"), "{text}");
    let ledger = at(&admin, TV, &format!("{BORDJ}/Stock")).await;
    assert!(page.contains(&format!("<a href=\"{ledger}\">7</a>")), "{page}");
    // The row's sum is of all places
    let central = Goods::of(&admin, "EKIWH", TV).await.quantity;
    assert_eq!(central, 0.0);
    assert!(text.contains(&format!("{TV} 1 234,5 7 1 241,5")), "{text}");
    let found = text_of(&reader.page(&format!("/web/stock?q={CANAPE}")).await);
    assert!(found.contains(CANAPE) && !found.contains(TV), "{found}");
    let place = text_of(&reader.page(&format!("/web/stock?pos={BORDJ}")).await);
    assert!(place.contains("En stock Réservé Libre Attendu") && place.contains(TV) && !place.contains(ALGER), "{place}");
    let free = text_of(&reader.page("/web/stock?show=free&held=1").await);
    assert!(free.contains("1 234,5"), "{free}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_matrix_shows_what_is_expected() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let line = json!({"product_id": TV, "product_qty": 321});
    let purchase = id(&admin.create("purchase.order", json!({"partner_id": BORDJ, "order_line": [line]})).await);
    let reader = Reader::of(&stand, "admin").await;
    assert!(!text_of(&reader.page("/web/stock?show=expected&held=1").await).contains("321"));
    admin.call("purchase.order", purchase, "button_confirm", json!([])).await.result();
    let text = text_of(&reader.page("/web/stock?show=expected&held=1").await);
    assert!(text.contains("321") && text.contains(BORDJ), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goods_are_counted_moved_and_written_off_and_the_ledger_tells_of_each() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    Goods::count(&admin, BORDJ, TV, 10.0).await;
    let there = at(&admin, TV, &format!("{BORDJ}/Stock")).await;
    let reader = Reader::of(&stand, "admin").await;
    let ledger = reader.page(&there).await;
    for what in ["count", "transfer", "write-off", "return"] {
        assert!(ledger.contains(&format!("{there}/{what}")), "{what}");
    }
    let done = reader.fill(&format!("{there}/count"), &[("quantity", "12,5")]).await;
    assert_eq!(done.status, 303, "{}", text_of(&done.text));
    assert_eq!(Goods::of(&admin, BORDJ, TV).await.quantity, 12.5);
    let done = reader.fill(&format!("{there}/transfer"), &[("quantity", "4"), ("to", ALGER), ("when", "now")]).await;
    assert_eq!(done.status, 303, "{}", text_of(&done.text));
    assert_eq!(Goods::of(&admin, ALGER, TV).await.quantity, 4.0);
    // Sent again, as by a second click, it moves nothing more
    let key = "0123456789abcdef0123456789abcdef";
    let again = [("_key", key), ("quantity", "1"), ("to", ALGER), ("when", "now")];
    for _ in 0..2 {
        let done = reader.fill(&format!("{there}/transfer"), &again).await;
        assert_eq!(done.status, 303, "{}", text_of(&done.text));
    }
    assert_eq!(Goods::of(&admin, ALGER, TV).await.quantity, 5.0);
    let done = reader.fill(&format!("{there}/write-off"), &[("quantity", "1"), ("reason", "Écran <b>cassé</b>")]).await;
    assert_eq!(done.status, 303, "{}", text_of(&done.text));
    assert_eq!(Goods::of(&admin, BORDJ, TV).await.quantity, 6.5);
    let page = reader.page(&there).await;
    let text = text_of(&page);
    // The newest first, with what was there after each
    let lines = ["Rebut : Écran <b>cassé</b>", "−1 6,5", "Transfert envoyé", "−1 7,5", "−4 8,5", "Inventaire", "+2,5 12,5", "+10 10"];
    let found: Vec<Option<usize>> = lines.iter().map(|line| text.find(line)).collect();
    assert!(found.iter().all(Option::is_some) && found.is_sorted(), "{found:?} in {text}");
    assert!(text.contains("Administrator") && !page.contains("<b>cassé</b>"), "{text}");
    consistent(&stand).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_stands_beside_its_control_and_stores_nothing() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    Goods::count(&admin, BORDJ, TV, 5.0).await;
    let there = at(&admin, TV, &format!("{BORDJ}/Stock")).await;
    let sent = json!({"picking_type_code": "internal", "location_id": BORDJ, "location_dest_id": ALGER, "move_ids": [{"product_id": TV, "product_uom_qty": 3}]});
    let transfer = id(&admin.create("stock.picking", sent).await);
    admin.call("stock.picking", transfer, "action_confirm", json!([])).await.result();
    let reader = Reader::of(&stand, "admin").await;
    let before = "SELECT (SELECT count(*) FROM stock.stock_move_line) * 1000 + (SELECT count(*) FROM stock.stock_picking) AS n";
    let stored = stand.count(before).await;
    type Sent = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);
    let forms: [Sent; 7] = [
        ("count", &[("quantity", "cinq")], "p-quantity", "Un nombre à partir de 0 est attendu"),
        ("count", &[("quantity", "")], "p-quantity", "Un nombre à partir de 0 est attendu"),
        ("transfer", &[("quantity", "3"), ("to", ALGER), ("when", "now")], "p-quantity", "Seulement 2 sont libres ici ; 3 sont réservés"),
        ("transfer", &[("quantity", "1"), ("to", "NOWHERE"), ("when", "now")], "p-to", "NOWHERE"),
        ("transfer", &[("quantity", "1"), ("to", BORDJ), ("when", "now")], "p-to", ""),
        ("write-off", &[("quantity", "1"), ("reason", " ")], "p-reason", "Dites pourquoi"),
        ("write-off", &[("quantity", "3"), ("reason", "Volé")], "p-quantity", "Seulement 2 sont libres"),
    ];
    for (what, fields, beside, words) in forms {
        let refused = reader.fill(&format!("{there}/{what}"), fields).await;
        assert_eq!(refused.status, 422, "{what}: {}", text_of(&refused.text));
        assert!(
            refused.text.contains(&format!("id=\"{beside}\"")) && text_of(&refused.text).contains(words),
            "{what}: {}",
            text_of(&refused.text)
        );
        // What was typed is there still
        assert!(
            fields.iter().filter(|(name, _)| *name != "when").all(|(_, value)| refused.text.contains(&format!("value=\"{value}\""))),
            "{what}"
        );
    }
    assert_eq!(stand.count(before).await, stored);
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.stock_quant WHERE inventory_quantity IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_count_is_refused_where_goods_came_or_went_since_the_form_was_opened() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    Goods::count(&admin, BORDJ, TV, 5.0).await;
    let there = at(&admin, TV, &format!("{BORDJ}/Stock")).await;
    let reader = Reader::of(&stand, "admin").await;
    let refused = reader.fill(&format!("{there}/count"), &[("quantity", "5"), ("seen", "8")]).await;
    assert_eq!(refused.status, 422);
    let text = text_of(&refused.text);
    assert!(text.contains("il y en avait 8, il y en a 5"), "{text}");
    assert!(refused.text.contains("name=\"seen\" value=\"5\""), "the next count stands on what is there now");
    // One that somebody noted before is told, and refused by the hub where it is out of date
    let quant = stand.count("SELECT q.id AS n FROM stock.stock_quant q JOIN stock.stock_location l ON l.id = q.location_id WHERE q.quantity = 5 AND l.complete_name LIKE 'PDVA-E-BOJ%'").await;
    admin.write("stock.quant", json!([["id", "=", quant]]), json!({"inventory_quantity": 4})).await.result();
    Goods::receive(&admin, BORDJ, TV, 2.0).await;
    let text = text_of(&reader.page(&format!("{there}/count")).await);
    assert!(text.contains("Un comptage de 4 est noté") && text.contains("il faut recompter"), "{text}");
    let refused = reader.post(&format!("{there}/count"), &[("apply", "1")]).await;
    assert_eq!(refused.status, 409, "{}", text_of(&refused.text));
    assert!(text_of(&refused.text).contains("7"), "{}", text_of(&refused.text));
    assert_eq!(Goods::of(&admin, BORDJ, TV).await.quantity, 7.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_reads_goods_has_no_buttons_and_no_forms() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    Goods::count(&admin, BORDJ, TV, 5.0).await;
    Goods::count(&admin, ALGER, TV, 6.0).await;
    clerk(&admin, BORDJ).await;
    let (there, away) = (at(&admin, TV, &format!("{BORDJ}/Stock")).await, at(&admin, TV, &format!("{ALGER}/Stock")).await);
    let answer = crate::post(&stand, "", "/web/login", &[("login", "clerk"), ("password", "clerk-clerk")]).await;
    let cookie = answer.headers["set-cookie"].split(';').next().unwrap().to_owned();
    let get = async |path: String| stand.send("GET", &path, &[("cookie", &cookie)], "").await;
    let ledger = get(there.clone()).await;
    assert_eq!(ledger.status, 200, "{}", text_of(&ledger.text));
    for what in ["count", "transfer", "write-off"] {
        assert!(!ledger.text.contains(&format!("{there}/{what}")), "{what}");
        assert_eq!(get(format!("{there}/{what}")).await.status, 404, "{what}");
    }
    // Another point of sale's goods are not there for a clerk
    assert_eq!(get(away).await.status, 404);
    let matrix = get("/web/stock".to_owned()).await;
    assert!(text_of(&matrix.text).contains(BORDJ) && !text_of(&matrix.text).contains(ALGER), "{}", text_of(&matrix.text));
    for path in ["/web/purchase.order", "/web/purchase.order/new", "/web/product.master/new"] {
        assert_eq!(get(path.to_owned()).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_and_products_are_offered_while_they_are_typed() {
    let stand = Stand::new().await;
    let reader = Reader::of(&stand, "admin").await;
    let places = plain(&reader.page("/web/stock/places?to=BOJ").await);
    assert!(places.contains(&format!("value=\"{BORDJ}\"")) && !places.contains(ALGER), "{places}");
    let products = plain(&reader.page("/web/stock/products?l.0.product=IRIS-TV55-N").await);
    assert!(products.contains("value=\"IRIS-TV55-N\"") && !products.contains(CANAPE), "{products}");
}
