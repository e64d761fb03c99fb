//! Transfers, receipts, returns, purchases, and what orders wait for.

use serde_json::json;
use system_tests::stock::{ALGER, BORDJ, CANAPE, Goods, TV, open_receipt, settled};
use system_tests::{Session, Stand, id};

use crate::{Reader, post, text_of};

/// An order of a client, through the platform's door.
async fn order(platform: &Session<'_>, bank: &str, number: i64, code: &str, lines: &[(&str, i64)]) -> i64 {
    let cart: Vec<_> = lines
        .iter()
        .map(|(reference, quantity)| json!({"manufacturer_ref": reference, "quantity": quantity, "product_warehouse_id": code}))
        .collect();
    let email = format!("client{number}@example.dz");
    id(&platform.create("res.partner", json!({"name": format!("Client {number}"), "email": email, "source": bank})).await);
    let lead = json!({"create_by": "ekiclik", "order_source": bank, "cart_id": number, "code_pos": code, "partner": {"email": email}, "cart": cart,
        "quotation_address": {"order_source": bank, "type": "delivery", "create_by": "ekiclik", "street": "12, rue Didouche", "street2": null,
            "state_id": "Alger", "country_id": "DZ", "code_pos": code, "ek_order_id": number}});
    platform.create("crm.lead", lead).await.result();
    let filter = json!([["ek_order_id", "=", number]]).to_string();
    platform.rows("sale.order", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
}

async fn steps(platform: &Session<'_>, bank: &str, number: i64) {
    for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
        let data = json!({"order_source": bank, "ek_state": state});
        platform.write("sale.order", json!([["ek_order_id", "=", number]]), data).await.result();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_is_made_in_a_form_of_several_lines_and_received_in_parts() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let reader = Reader::of(&stand, "admin").await;
    let path = "/web/purchase.order/new";
    let more = reader.fill(path, &[("partner", BORDJ), ("l.0.product", TV), ("more", "1")]).await;
    assert_eq!(more.status, 200);
    assert!(more.text.contains("name=\"l.9.product\"") && more.text.contains(&format!("value=\"{TV}\"")), "what was typed is there still");
    let wrong = [
        ("partner", ""),
        ("l.0.product", TV),
        ("l.0.quantity", "zéro"),
        ("l.1.product", ""),
        ("l.1.quantity", "2"),
        ("l.2.product", TV),
        ("l.2.quantity", "1"),
        ("l.2.price", "-4"),
    ];
    let refused = reader.fill(path, &wrong).await;
    assert_eq!(refused.status, 422);
    for beside in ["p-partner", "p-0-quantity", "p-1-product", "p-2-price"] {
        assert!(refused.text.contains(&format!("id=\"{beside}\"")), "{beside}: {}", text_of(&refused.text));
    }
    let refused = reader.fill(path, &[("partner", "NOWHERE"), ("l.0.product", "NO-SUCH"), ("l.0.quantity", "2")]).await;
    assert!(
        refused.status == 422 && refused.text.contains("id=\"p-partner\"") && refused.text.contains("id=\"p-0-product\""),
        "{}",
        text_of(&refused.text)
    );
    assert!(text_of(&reader.fill(path, &[("partner", BORDJ)]).await.text).contains("Il faut au moins une ligne"));
    let before = stand.count("SELECT count(*) AS n FROM stock.purchase_order").await;
    let lines = [
        ("partner", BORDJ),
        ("notes", "Avant l’Aïd"),
        ("l.0.product", TV),
        ("l.0.quantity", "6"),
        ("l.0.price", "1 250,50"),
        ("l.3.product", CANAPE),
        ("l.3.quantity", "2"),
    ];
    let made = reader.fill(path, &lines).await;
    assert_eq!(made.status, 303, "{}", text_of(&made.text));
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.purchase_order").await, before + 1);
    let purchase = made.headers["location"].split('?').next().unwrap().to_owned();
    let text = text_of(&reader.page(&purchase).await);
    for words in ["7 503,00 DA", "Avant l’Aïd", "Confirmer l’achat", TV, CANAPE] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let done = reader.post(&format!("{purchase}/take"), &[("do", "confirm")]).await;
    assert_eq!(done.status, 303, "{}", text_of(&done.text));
    let number: i64 = purchase.rsplit('/').next().unwrap().parse().unwrap();
    let receipt = open_receipt(&admin, number).await;
    let page = format!("/web/stock.picking/{}", receipt["id"]);
    assert!(reader.page(&purchase).await.contains(&format!("href=\"{page}\"")), "the receipt is one step away");
    // Four of six televisions came, and no sofa
    let (tv, sofa) = (receipt["move_ids"][0]["id"].as_i64().unwrap(), receipt["move_ids"][1]["id"].as_i64().unwrap());
    let (tv, sofa) = (format!("d.{tv}"), format!("d.{sofa}"));
    let noted = reader.post(&format!("{page}/take"), &[("do", "save"), (&tv, "quatre")]).await;
    assert!(noted.status == 422 && text_of(&noted.text).contains("Un nombre à partir de 0"), "{}", text_of(&noted.text));
    let done = reader.post(&format!("{page}/take"), &[("do", "validate"), (&tv, "4"), (&sofa, "0")]).await;
    assert_eq!(done.status, 303, "{}", text_of(&done.text));
    assert_eq!(Goods::of(&admin, BORDJ, TV).await.quantity, 4.0);
    let rest = open_receipt(&admin, number).await;
    let text = text_of(&reader.page(&page).await);
    assert!(text.contains("Le reste est dans le reliquat") && text.contains(rest["name"].as_str().unwrap()), "{text}");
    let refused = reader.post(&format!("{purchase}/take"), &[("do", "cancel")]).await;
    assert!(refused.status == 409 && refused.text.contains("role=\"alert\""), "{}", text_of(&refused.text));
    let rest = format!("/web/stock.picking/{}", rest["id"]);
    assert_eq!(reader.post(&format!("{rest}/take"), &[("do", "validate")]).await.status, 303);
    assert_eq!((Goods::of(&admin, BORDJ, TV).await.quantity, Goods::of(&admin, BORDJ, CANAPE).await.quantity), (6.0, 2.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_sent_twice_makes_one_purchase() {
    let stand = Stand::new().await;
    let reader = Reader::of(&stand, "admin").await;
    let before = stand.count("SELECT count(*) AS n FROM stock.purchase_order").await;
    let fields = [("_key", "0123456789abcdef0123456789abcdef"), ("partner", BORDJ), ("l.0.product", TV), ("l.0.quantity", "3")];
    let (first, second) = (reader.fill("/web/purchase.order/new", &fields).await, reader.fill("/web/purchase.order/new", &fields).await);
    assert_eq!((first.status, second.status), (303, 303), "{}", text_of(&second.text));
    assert_eq!(first.headers["location"], second.headers["location"]);
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.purchase_order").await, before + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_is_taken_step_by_step_and_what_is_refused_stands_beside_its_line() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    Goods::count(&admin, BORDJ, TV, 2.0).await;
    let sent = json!({"picking_type_code": "internal", "location_id": BORDJ, "location_dest_id": ALGER, "move_ids": [{"product_id": TV, "product_uom_qty": 3}]});
    let transfer = id(&admin.create("stock.picking", sent).await);
    let path = format!("/web/stock.picking/{transfer}");
    let reader = Reader::of(&stand, "admin").await;
    let take = async |fields: &[(&str, &str)]| reader.post(&format!("{path}/take"), fields).await;
    let draft = reader.page(&path).await;
    assert!(draft.contains("value=\"confirm\"") && !draft.contains("value=\"validate\""), "a draft is confirmed first");
    assert_eq!(take(&[("do", "confirm")]).await.status, 303);
    let moved = stand.count(&format!("SELECT id AS n FROM stock.stock_move WHERE picking_id = {transfer}")).await;
    let text = text_of(&reader.page(&path).await);
    assert!(text.contains("Ce qui n’est pas fait reste dans un reliquat"), "{text}");
    let refused = take(&[("do", "validate"), (&format!("d.{moved}"), "9")]).await;
    assert_eq!(refused.status, 422, "{}", text_of(&refused.text));
    assert!(refused.text.contains(&format!("id=\"p-{moved}\"")) && refused.text.contains("value=\"9\""), "{}", text_of(&refused.text));
    let refused = take(&[("do", "validate"), (&format!("d.{moved}"), "3")]).await;
    assert!(
        refused.status == 409 && refused.text.contains(&format!("id=\"p-{moved}\"")),
        "only two are reserved: {}",
        text_of(&refused.text)
    );
    assert_eq!(Goods::of(&admin, ALGER, TV).await.quantity, 0.0);
    let done = take(&[("do", "validate"), (&format!("o.{moved}"), "3"), (&format!("d.{moved}"), "2")]).await;
    assert_eq!(done.status, 303, "{}", text_of(&done.text));
    assert_eq!(Goods::of(&admin, ALGER, TV).await.quantity, 2.0);
    let page = reader.page(&path).await;
    assert!(text_of(&page).contains("Le reste est dans le reliquat") && !page.contains("value=\"validate\""));
    assert_eq!(take(&[("do", "nonsense")]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_leaves_with_its_order_and_comes_back_by_its_page() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, BORDJ, TV, 5.0).await;
    let sale = order(&platform, "BNA", 701, BORDJ, &[(TV, 3)]).await;
    settled(&stand).await;
    let delivery = stand.count(&format!("SELECT id AS n FROM stock.stock_picking WHERE sale_id = {sale}")).await;
    let path = format!("/web/stock.picking/{delivery}");
    let reader = Reader::of(&stand, "admin").await;
    let page = reader.page(&path).await;
    assert!(!page.contains("value=\"validate\"") && page.contains(&format!("href=\"/web/sale.order/{sale}\"")), "{}", text_of(&page));
    let refused = reader.post(&format!("{path}/take"), &[("do", "validate")]).await;
    assert_eq!(refused.status, 409, "{}", text_of(&refused.text));
    steps(&platform, "BNA", 701).await;
    settled(&stand).await;
    let moved = stand.count(&format!("SELECT id AS n FROM stock.stock_move WHERE picking_id = {delivery}")).await;
    let takes = format!("r.{moved}");
    assert!(reader.page(&path).await.contains(&format!("name=\"{takes}\"")));
    for (quantity, words) in [("", "Entrez au moins une quantité"), ("4", "3"), ("x", "Un nombre à partir de 0")] {
        let refused = reader.post(&format!("{path}/take"), &[("do", "return"), (&takes, quantity)]).await;
        assert!(refused.status == 422 && text_of(&refused.text).contains(words), "{quantity}: {}", text_of(&refused.text));
    }
    let made = reader.post(&format!("{path}/take"), &[("do", "return"), (&takes, "2")]).await;
    assert_eq!(made.status, 303, "{}", text_of(&made.text));
    let back = made.headers["location"].split('?').next().unwrap().to_owned();
    let text = text_of(&reader.page(&path).await);
    assert!(text.contains("3 2 1"), "delivered, back, can come back: {text}");
    assert_eq!(reader.post(&format!("{back}/take"), &[("do", "validate")]).await.status, 303);
    assert_eq!(Goods::returned(&admin, BORDJ, TV).await.quantity, 2.0);
    // From the ledger one is led to the delivery
    let place = stand.count(&format!("SELECT location_id AS n FROM stock.stock_picking WHERE id = {delivery}")).await;
    let product = stand.count(&format!("SELECT product_id AS n FROM stock.stock_move WHERE id = {moved}")).await;
    let deliveries = reader.page(&format!("/web/stock/{product}/{place}/return")).await;
    assert!(deliveries.contains(&format!("href=\"{path}#return\"")), "{}", text_of(&deliveries));
    // Another bank's user does not see it
    let foreign = Reader::of(&stand, "alsalam").await;
    assert!(matches!(foreign.get(&path).await.status, 403 | 404));
    // Nor what was there after each line: it does not see them all
    let ledger = format!("/web/stock/{product}/{place}");
    let all = text_of(&reader.page(&ledger).await);
    assert!(all.contains("−3 2") && all.contains("+5 5") && all.contains("S00"), "{all}");
    let some = text_of(&foreign.page(&ledger).await);
    assert!(some.contains("+5") && !some.contains("+5 5") && !some.contains("−3"), "{some}");
    let own = Reader::of(&stand, "bna").await.page(&path).await;
    assert!(!own.contains("value=\"return\"") && !own.contains("name=\"do\""), "a bank's user only reads");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shortages_tell_what_is_short_where_for_whom_and_what_is_expected() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, BORDJ, TV, 2.0).await;
    let sale = order(&platform, "Alsalam", 801, BORDJ, &[(TV, 6)]).await;
    order(&platform, "BNA", 802, ALGER, &[(CANAPE, 9)]).await;
    settled(&stand).await;
    let purchase =
        id(&admin.create("purchase.order", json!({"partner_id": BORDJ, "order_line": [{"product_id": TV, "product_qty": 11}]})).await);
    admin.call("purchase.order", purchase, "button_confirm", json!([])).await.result();
    admin.write("stock.picking", json!([["purchase_id", "=", purchase]]), json!({"scheduled_date": "2027-01-05 10:00:00"})).await.result();
    let reader = Reader::of(&stand, "admin").await;
    let page = reader.page("/web/shortages").await;
    let text = text_of(&page);
    assert!(text.contains("2 lignes · il manque 13") && text.contains("6 2 4 11 05/01/2027"), "{text}");
    assert!(page.contains(&format!("href=\"/web/sale.order/{sale}\"")) && text.contains("Client 801"), "{text}");
    let by_place = text_of(&reader.page("/web/shortages?by=pos").await);
    assert!(by_place.contains(BORDJ) && by_place.contains(ALGER), "{by_place}");
    let one = text_of(&reader.page(&format!("/web/shortages?pos={BORDJ}")).await);
    assert!(one.contains("Client 801") && !one.contains("Client 802"), "{one}");
    let found = text_of(&reader.page(&format!("/web/shortages?q={CANAPE}")).await);
    assert!(found.contains("Client 802") && !found.contains("Client 801"), "{found}");
    let bank = text_of(&Reader::of(&stand, "bna").await.page("/web/shortages").await);
    assert!(bank.contains("Client 802") && !bank.contains("Client 801"), "{bank}");
    let token = crate::token(&page_with_form(&reader).await);
    let foreign = post(
        &stand,
        &Reader::of(&stand, "bna").await.cookie,
        &format!("/web/purchase.order/{purchase}/take"),
        &[("_token", &token), ("do", "cancel")],
    )
    .await;
    assert_eq!(foreign.status, 403);
}

async fn page_with_form(reader: &Reader<'_>) -> String {
    reader.page("/web/purchase.order/new").await
}
