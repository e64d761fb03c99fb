//! What goods are bought, sold and counted by: taxes, points of sale that are closed, counts that others overtook, receipts of nothing.

use serde_json::{Value, json};
use system_tests::platform::{Platform, platform_of};
use system_tests::stock::{ALGER, BORDJ, CANAPE, Goods, TV, consistent, one, open_receipt, settled};
use system_tests::{Session, Stand, encode, id, refused, until};

fn lead(order: i64, rows: &[(&str, &str, i64)]) -> Value {
    let cart: Vec<_> = rows
        .iter()
        .map(|(code, reference, quantity)| json!({"manufacturer_ref": reference, "quantity": quantity, "product_warehouse_id": code}))
        .collect();
    json!({"order_source": "BNA", "partner": {"email": "mourad.belkacem@example.dz"}, "cart_id": order, "cart": cart, "quotation_address": {"ek_order_id": order}})
}

async fn order(session: &Session<'_>, number: i64, query: &str) -> Value {
    let filter = json!([["ek_order_id", "=", number]]).to_string();
    session.rows("sale.order", &[("filter", &filter), ("query", query)]).await.remove(0)
}

async fn change(session: &Session<'_>, reference: &str, data: Value) {
    assert_eq!(session.write("product.template", json!([["manufacturer_ref", "=", reference]]), data).await.result(), true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_has_the_tax_of_its_configuration_else_of_its_category_else_the_first() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let rates = async |number: i64| {
        let query =
            "{amount_untaxed, amount_tax, amount_total, order_line{tax_id{name}, tax_rate, price_subtotal, price_tax, price_total}}";
        let order = order(&admin, number, query).await;
        let lines = order["order_line"].as_array().unwrap();
        let sum = |name: &str| (lines.iter().map(|line| line[name].as_f64().unwrap()).sum::<f64>() * 100.0).round() / 100.0;
        let sums = ["price_subtotal", "price_tax", "price_total"].map(sum);
        assert_eq!(sums, ["amount_untaxed", "amount_tax", "amount_total"].map(|name| order[name].as_f64().unwrap()));
        lines.iter().map(|line| line["tax_rate"].as_f64().unwrap()).collect::<Vec<_>>()
    };
    id(&platform.create("crm.lead", lead(1, &[(BORDJ, TV, 1), (BORDJ, CANAPE, 1)])).await);
    assert_eq!(rates(1).await, [19.0, 19.0]);
    // The configuration's own, and the category's for the other
    change(&platform, TV, json!({"taxes_id": [3]})).await;
    let category = admin
        .rows("product.product", &[("filter", &json!([["manufacturer_ref", "=", CANAPE]]).to_string()), ("query", "{categ_id}")])
        .await;
    assert_eq!(
        admin.write("product.category", json!([["id", "=", category[0]["categ_id"]]]), json!({"taxes_id": [2]})).await.result(),
        true
    );
    id(&platform.create("crm.lead", lead(2, &[(BORDJ, TV, 1), (BORDJ, CANAPE, 1)])).await);
    assert_eq!(rates(2).await, [0.0, 9.0]);
    assert_eq!(rates(1).await, [19.0, 19.0], "what was ordered stays as it was");
    // Read with the tax's own fields, found by it, and taken away again
    let filter = json!([["taxes_id", "in", [3]]]).to_string();
    let found = platform.rows("product.template", &[("filter", &filter), ("query", "{manufacturer_ref, taxes_id{name, amount}}")]).await;
    assert_eq!(found, [json!({"manufacturer_ref": TV, "taxes_id": [{"name": "Exonéré", "amount": 0.0}]})]);
    let filter = json!([["taxes_id.amount", "=", 0]]).to_string();
    assert_eq!(platform.rows("product.template", &[("filter", &filter), ("query", "{taxes_id}")]).await, [json!({"taxes_id": [3]})]);
    for unset in [json!([]), json!(false)] {
        change(&platform, TV, json!({"taxes_id": [1]})).await;
        change(&platform, TV, json!({"taxes_id": unset})).await;
    }
    let unset = json!([["taxes_id", "=", false], ["manufacturer_ref", "=", TV]]).to_string();
    assert_eq!(platform.rows("product.template", &[("filter", &unset)]).await.len(), 1);
    // A line has one rate, and the tax must be there
    let one = |data: Value| platform.write("product.template", json!([["manufacturer_ref", "=", TV]]), data);
    refused(&one(json!({"taxes_id": [1, 2]})).await, 422, &["one tax at most"]);
    refused(&one(json!({"taxes_id": [99]})).await, 422, &["taxes_id", "99"]);
    let sent = json!({"name": "P", "product_ref": "P-1", "product": [{"name": "C", "manufacturer_ref": "C-1", "taxes_id": [98]}]});
    refused(&platform.create("product.template", sent).await, 422, &["taxes_id", "98"]);
    let sent = json!({"name": "P", "product_ref": "P-1", "product": [{"name": "C", "manufacturer_ref": "C-1", "list_price": 109, "taxes_id": [2]}]});
    id(&platform.create("product.template", sent).await);
    id(&platform.create("crm.lead", lead(3, &[("EKIWH", "C-1", 1)])).await);
    let bought = order(&admin, 3, "{amount_untaxed, amount_tax}").await;
    assert_eq!(bought, json!({"amount_untaxed": 100.0, "amount_tax": 9.0}));
    refused(&admin.unlink("account.tax", 2).await, 409, &["product.template.taxes_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_point_of_sale_takes_nothing_new_delivers_what_it_owes_and_platforms_hear_of_it() {
    let stand = Stand::new().await;
    let (admin, platform, bna) = (stand.login("admin").await, stand.login("ekiclik").await, Platform::new().await);
    Goods::count(&admin, BORDJ, TV, 4.0).await;
    id(&platform.create("crm.lead", lead(1, &[(BORDJ, TV, 1)])).await);
    settled(&stand).await;
    platform_of(&admin, "BNA", &bna.url).await;
    let purchase = || json!({"partner_id": BORDJ, "order_line": [{"product_id": TV, "product_qty": 1}]});
    let stock = |real: f64, available: f64| {
        move |call: &system_tests::platform::Call| {
            call.line == "PUT /api/odoo/stocks"
                && call.json().as_array().unwrap().iter().any(|row| {
                    row["pos"] == BORDJ
                        && row["realQuantity"].as_f64() == Some(real)
                        && row["availableQuantity"].as_f64() == Some(available)
                })
        }
    };
    let mut versions = Vec::new();
    for (closed, open) in [(json!({"status": "BLOCKED"}), json!({"status": "ACTIVE"})), (json!({"active": false}), json!({"active": true}))]
    {
        let before = bna.calls().len();
        let pos = json!([["code_pos", "=", BORDJ], ["active", "in", [true, false]]]);
        assert_eq!(admin.write("res.partner", pos.clone(), closed).await.result(), true);
        refused(
            &platform.create("crm.lead", lead(2, &[(ALGER, TV, 1), (BORDJ, TV, 1)])).await,
            422,
            &["cart[1]", BORDJ, "archived or BLOCKED"],
        );
        let mut named = lead(2, &[(ALGER, TV, 1)]);
        named["code_pos"] = json!(BORDJ);
        refused(&platform.create("crm.lead", named).await, 422, &["code_pos", BORDJ]);
        refused(&platform.create("purchase.order", purchase()).await, 422, &["partner_id", BORDJ, "archived or BLOCKED"]);
        // What was sent before is still answered
        id(&platform.create("crm.lead", lead(1, &[(BORDJ, TV, 1)])).await);
        let heard = async |what: &str, like: &dyn Fn(&system_tests::platform::Call) -> bool| {
            until(what, async || bna.calls().iter().skip(before).any(like)).await;
            bna.calls().into_iter().skip(before).rfind(like).unwrap()
        };
        heard("that it is blocked", &|call| {
            call.line == "PUT /api/odoo/pos" && call.json()["codification"] == BORDJ && call.json()["status"] == "BLOCKED"
        })
        .await;
        let blocked = heard("that nothing is to be had there", &stock(4.0, 0.0)).await.json();
        versions.push(blocked[0]["version"].as_i64().unwrap());
        assert_eq!(admin.write("res.partner", pos, open).await.result(), true);
        let again = heard("what is to be had again", &stock(4.0, 3.0)).await.json();
        versions.push(again[0]["version"].as_i64().unwrap());
    }
    assert!(versions.is_sorted_by(|one, next| one < next), "{versions:?}");
    // Closed, it delivers what it owes; goods that are new there are not to be had either
    admin.write("res.partner", json!([["code_pos", "=", BORDJ]]), json!({"status": "BLOCKED"})).await.result();
    bna.hears("that it is closed again", stock(4.0, 0.0)).await;
    for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
        admin.write("sale.order", json!([["ek_order_id", "=", 1]]), json!({"state": state})).await.result();
    }
    bna.hears("what is left", stock(3.0, 0.0)).await;
    Goods::count(&admin, BORDJ, CANAPE, 2.0).await;
    bna.hears("what is new", stock(2.0, 0.0)).await;
    consistent(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_closed_before_stock_asked_is_learned() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    Goods::count(&admin, BORDJ, TV, 1.0).await;
    admin.write("res.partner", json!([["code_pos", "=", BORDJ]]), json!({"status": "BLOCKED"})).await.result();
    let closed = "SELECT count(*) AS n FROM stock.stock_warehouse w JOIN stock.stock_location l ON l.warehouse_id = w.id \
        JOIN stock.stock_quant q ON q.location_id = l.id WHERE w.closed AND q.closed AND w.partner_version > 0";
    until("it is closed", async || stand.count(closed).await == 1).await;
    // As a release left it that did not ask
    let mut conn = stand.sql().await;
    Stand::execute(
        &mut conn,
        "UPDATE stock.stock_warehouse SET closed = false, partner_version = 0; UPDATE stock.stock_quant SET closed = false",
    )
    .await;
    let stock = &stand.hub.as_ref().unwrap().stock;
    stock::stock_warehouse::catch_up(stock).await;
    assert_eq!(stand.count(closed).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_goods_overtook_is_refused_and_told_what_changed() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, BORDJ, TV, 13.0).await;
    let counted = json!({"product_id": TV, "location_id": BORDJ, "inventory_quantity": 10});
    let quant = id(&admin.create("stock.quant", counted).await);
    let query = "{inventory_diff_quantity, is_outdated}";
    assert_eq!(one(&admin, "stock.quant", quant, query).await, json!({"inventory_diff_quantity": -3.0, "is_outdated": false}));
    id(&platform.create("crm.lead", lead(1, &[(BORDJ, TV, 3)])).await);
    for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
        platform.write("sale.order", json!([["ek_order_id", "=", 1]]), json!({"order_source": "BNA", "state": state})).await.result();
    }
    settled(&stand).await;
    assert_eq!(one(&admin, "stock.quant", quant, query).await["is_outdated"], true);
    let apply = || admin.call("stock.quant", quant, "action_apply_inventory", json!([]));
    refused(&apply().await, 409, &[TV, BORDJ, "10", "13 were there", "3 went", "/OUT/", "10 are there", "Count again"]);
    assert_eq!(Goods::of(&admin, BORDJ, TV).await.quantity, 10.0);
    // Counted again, though it is the same number; what came since is told too
    let count = |quantity: Value| admin.write("stock.quant", json!([["id", "=", quant]]), json!({"inventory_quantity": quantity}));
    assert_eq!(count(json!(10)).await.result(), true);
    Goods::receive(&admin, BORDJ, TV, 2.0).await;
    refused(&apply().await, 409, &["2 came", "/IN/", "12 are there"]);
    assert_eq!(count(json!(12)).await.result(), true);
    assert_eq!(apply().await.result(), true);
    assert_eq!(Goods::of(&admin, BORDJ, TV).await.quantity, 12.0);
    // No count is none, and a count whose base nobody knows is none either
    for unset in [json!(null), json!(false), json!("")] {
        assert_eq!(count(json!(1)).await.result(), true);
        assert_eq!(count(unset).await.result(), true);
        assert_eq!(apply().await.result(), true);
    }
    assert_eq!(count(json!(1)).await.result(), true);
    let mut conn = stand.sql().await;
    Stand::execute(&mut conn, "UPDATE stock.stock_quant SET inventory_diff_quantity = NULL, inventory_last_line = NULL").await;
    refused(&apply().await, 409, &["not known", "Count again"]);
    assert_eq!(Goods::of(&admin, BORDJ, TV).await.quantity, 12.0);
    // Where nothing was before
    let other = id(&admin.create("stock.quant", json!({"product_id": CANAPE, "location_id": ALGER, "inventory_quantity": 4})).await);
    Goods::receive(&admin, ALGER, CANAPE, 1.0).await;
    refused(&admin.call("stock.quant", other, "action_apply_inventory", json!([])).await, 409, &[CANAPE, ALGER, "1 came"]);
    assert_eq!(Goods::of(&admin, BORDJ, TV).await.quantity, 12.0);
    consistent(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_receipt_nothing_is_something_else_than_not_noted() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let lines = json!([{"product_id": TV, "product_qty": 5}, {"product_id": CANAPE, "product_qty": 2}]);
    let purchase = id(&admin.create("purchase.order", json!({"partner_id": ALGER, "order_line": lines})).await);
    admin.call("purchase.order", purchase, "button_confirm", json!([])).await.result();
    let receipt = open_receipt(&admin, purchase).await;
    let (number, tv, canape) =
        (receipt["id"].as_i64().unwrap(), receipt["move_ids"][0]["id"].as_i64().unwrap(), receipt["move_ids"][1]["id"].as_i64().unwrap());
    let note = |id: i64, quantity: Value| admin.write("stock.move", json!([["id", "=", id]]), json!({"quantity_done": quantity}));
    let validate = |number: i64| admin.call("stock.picking", number, "button_validate", json!([]));
    for id in [tv, canape] {
        assert_eq!(note(id, json!(0)).await.result(), true);
    }
    refused(&validate(number).await, 409, &["Nothing is noted as done"]);
    assert_eq!(note(canape, json!(2)).await.result(), true);
    assert_eq!(validate(number).await.result(), true);
    assert_eq!((Goods::of(&admin, ALGER, TV).await.quantity, Goods::of(&admin, ALGER, CANAPE).await.quantity), (0.0, 2.0));
    // Of the rest nothing is noted any more, and what is unset is not noted
    let rest = open_receipt(&admin, purchase).await;
    let (number, tv) = (rest["id"].as_i64().unwrap(), rest["move_ids"][0]["id"].as_i64().unwrap());
    for unset in [json!(null), json!(false), json!("")] {
        assert_eq!(note(tv, json!(0)).await.result(), true);
        assert_eq!(note(tv, unset).await.result(), true);
    }
    assert_eq!(validate(number).await.result(), true);
    assert_eq!(Goods::of(&admin, ALGER, TV).await.quantity, 5.0);
    consistent(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_is_no_more_than_any_amount_of_money_and_a_cart_has_a_thousand_rows() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let purchase = |lines: Value| platform.create("purchase.order", json!({"partner_id": ALGER, "order_line": lines}));
    let line = |quantity: i64, price: i64| json!({"product_id": TV, "product_qty": quantity, "price_unit": price});
    refused(&purchase(json!([line(1, 1), line(900_000_000, 99_999_999_999)])).await, 422, &["order_line[1]", "money"]);
    refused(&purchase(json!(vec![line(1, 9_999_999_999_999); 150])).await, 422, &["purchase", "money"]);
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.purchase_order").await, 0);
    let cart: Vec<_> = (0..1_001).map(|at| (if at % 2 == 0 { ALGER } else { BORDJ }, if at % 3 == 0 { TV } else { CANAPE }, 1)).collect();
    refused(&platform.create("crm.lead", lead(1, &cart)).await, 422, &["1001 rows"]);
    id(&platform.create("crm.lead", lead(1, &cart[..1_000])).await);
    settled(&stand).await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.stock_move WHERE sale_id IS NOT NULL").await, 1_000);
    let lines = admin.get(&format!("/api/sale.order/?query={}", encode("{order_line{manufacturer_ref, short}}"))).await.json();
    assert_eq!(lines["result"][0]["order_line"].as_array().unwrap().len(), 1_000);
    let printed = platform.get("/report/pdf/sale.report_saleorder/1").await;
    assert_eq!((printed.status, printed.text.starts_with("%PDF-")), (200, true));
}
