//! What becomes of an order after its delivery: the rest that ships or is given up, goods that come back, credit notes, and what its bank
//! is told of all that.

use futures_util::future::join_all;
use serde_json::{Value, json};
use system_tests::platform::{Platform, platform_of};
use system_tests::stock::{ALGER, BORDJ, Goods, TV, agreed, one, settled};
use system_tests::{Session, Stand, id, refused};

/// Orders so many at Bordj through the platform, and takes the order to its delivery.
async fn delivered(stand: &Stand, platform: &Session<'_>, order: i64, quantity: i64) -> i64 {
    let lead = json!({"order_source": "BNA", "partner": {"email": "mourad.belkacem@example.dz"}, "cart_id": order,
        "cart": [{"manufacturer_ref": TV, "quantity": quantity, "product_warehouse_id": BORDJ}], "quotation_address": {"ek_order_id": order}});
    id(&platform.create("crm.lead", lead).await);
    settled(stand).await;
    for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
        let data = json!({"order_source": "BNA", "state": state});
        assert_eq!(platform.write("sale.order", json!([["ek_order_id", "=", order]]), data).await.result(), true);
    }
    settled(stand).await;
    let filter = json!([["ek_order_id", "=", order]]).to_string();
    platform.rows("sale.order", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
}

/// Its pickings in a state, oldest first.
async fn pickings(session: &Session<'_>, order: i64, state: &str) -> Vec<i64> {
    let filter = json!([["sale_id", "=", order], ["picking_type_code", "=", "outgoing"], ["state", "=", state]]).to_string();
    let rows = session.rows("stock.picking", &[("filter", &filter), ("query", "{id}"), ("order", "id")]).await;
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

/// Of its only line: delivered, returned, given up, short, credited, and what is left of the invoice.
async fn line(session: &Session<'_>, order: i64) -> [f64; 6] {
    let filter = json!([["order_id", "=", order]]).to_string();
    let query = "{qty_delivered, qty_returned, qty_closed, short, qty_credited, qty_invoiced}";
    let row = session.rows("sale.order.line", &[("filter", &filter), ("query", query)]).await.remove(0);
    ["qty_delivered", "qty_returned", "qty_closed", "short", "qty_credited", "qty_invoiced"].map(|name| row[name].as_f64().unwrap())
}

async fn invoice(session: &Session<'_>, order: i64) -> i64 {
    let filter = json!([["sale_id", "=", order], ["move_type", "=", "out_invoice"]]).to_string();
    session.rows("account.move", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
}

async fn notes(session: &Session<'_>, order: i64) -> Vec<Value> {
    let filter = json!([["sale_id", "=", order], ["move_type", "=", "out_refund"]]).to_string();
    let query = "{id, amount_untaxed, amount_tax, amount_total, invoice_line_ids{quantity}}";
    session.rows("account.move", &[("filter", &filter), ("query", query), ("order", "id")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_delivered_order_still_waits_for_is_given_up_and_credited() {
    let stand = Stand::new().await;
    let (admin, platform, bank) = (stand.login("admin").await, stand.login("ekiclik").await, stand.login("bna").await);
    Goods::count(&admin, BORDJ, TV, 3.0).await;
    let order = delivered(&stand, &platform, 1, 5).await;
    assert_eq!(line(&admin, order).await, [3.0, 0.0, 0.0, 2.0, 0.0, 5.0]);
    let waiting = pickings(&admin, order, "confirmed").await[0];
    for other in [&platform, &bank] {
        assert_eq!(other.call("stock.picking", waiting, "action_cancel", json!([])).await.status, 403);
    }
    refused(&admin.call("stock.picking", waiting, "button_validate", json!([])).await, 409, &["order's state"]);
    assert_eq!(admin.call("stock.picking", waiting, "action_cancel", json!([])).await.result(), true);
    // Again changes nothing
    assert_eq!(admin.call("stock.picking", waiting, "action_cancel", json!([])).await.result(), true);
    settled(&stand).await;
    assert_eq!(line(&admin, order).await, [3.0, 0.0, 2.0, 0.0, 2.0, 3.0]);
    let credited = notes(&admin, order).await;
    assert_eq!((credited.len(), &credited[0]["amount_total"]), (1, &json!(160_000.0)));
    // What comes is not theirs any more
    Goods::receive(&admin, BORDJ, TV, 4.0).await;
    settled(&stand).await;
    assert_eq!((line(&admin, order).await[0], Goods::of(&admin, BORDJ, TV).await.quantity), (3.0, 4.0));
    // An order that is not delivered is cancelled by its state alone
    let lead = json!({"order_source": "BNA", "partner": {"email": "mourad.belkacem@example.dz"}, "cart_id": 2,
        "cart": [{"manufacturer_ref": TV, "quantity": 9, "product_warehouse_id": BORDJ}], "quotation_address": {"ek_order_id": 2}});
    id(&platform.create("crm.lead", lead).await);
    settled(&stand).await;
    let filter = json!([["sale_id.ek_order_id", "=", 2]]).to_string();
    let open = admin.rows("stock.picking", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap();
    refused(&admin.call("stock.picking", open, "action_cancel", json!([])).await, 409, &["order's state"]);
    agreed(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credit_of_an_invoice_gives_up_what_is_owed_and_leaves_what_the_client_has() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, BORDJ, TV, 3.0).await;
    let order = delivered(&stand, &platform, 1, 5).await;
    let invoice = invoice(&admin, order).await;
    let made = admin.call("account.move", invoice, "action_reverse", json!([])).await.result();
    let credited = notes(&admin, order).await;
    assert_eq!((made, credited.len()), (json!([credited[0]["id"]]), 1));
    assert_eq!(credited[0]["invoice_line_ids"][0]["quantity"], 2.0);
    assert_eq!(line(&admin, order).await, [3.0, 0.0, 2.0, 0.0, 2.0, 3.0]);
    assert!(pickings(&admin, order, "confirmed").await.is_empty());
    Goods::receive(&admin, BORDJ, TV, 2.0).await;
    settled(&stand).await;
    assert_eq!(line(&admin, order).await[0], 3.0, "nothing more ships");
    refused(&admin.call("account.move", invoice, "action_reverse", json!([])).await, 409, &["with the client", "action_return"]);
    // What they have is credited when it comes back
    let back = id(&admin.call("stock.picking", pickings(&admin, order, "done").await[0], "action_return", json!([])).await);
    assert_eq!(admin.call("stock.picking", back, "button_validate", json!([])).await.result(), true);
    settled(&stand).await;
    assert_eq!(line(&admin, order).await, [3.0, 3.0, 2.0, 0.0, 5.0, 0.0]);
    refused(&admin.call("account.move", invoice, "action_reverse", json!([])).await, 409, &["credited already"]);
    agreed(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_credited_even_if_the_request_that_asked_for_it_died() {
    let stand = Stand::processes().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, BORDJ, TV, 1.0).await;
    let order = delivered(&stand, &platform, 1, 4).await;
    let invoice = invoice(&admin, order).await;
    let mut conn = stand.sql().await;
    // Its transaction can't be, nor can that of who hears of it
    Stand::execute(&mut conn, "ALTER TABLE crm.account_move ADD CONSTRAINT dies CHECK (move_type <> 'out_refund') NOT VALID").await;
    assert!(admin.call("account.move", invoice, "action_reverse", json!([])).await.status >= 400);
    settled(&stand).await;
    assert_eq!((notes(&admin, order).await.len(), pickings(&admin, order, "confirmed").await.len()), (0, 0));
    Stand::execute(&mut conn, "ALTER TABLE crm.account_move DROP CONSTRAINT dies; DELETE FROM crm.feed_parked").await;
    let made = admin.call("account.move", invoice, "action_reverse", json!([])).await.result();
    let credited = notes(&admin, order).await;
    assert_eq!((made, credited.len()), (json!([credited[0]["id"]]), 1));
    assert_eq!(line(&admin, order).await, [1.0, 0.0, 3.0, 0.0, 3.0, 1.0]);
    agreed(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credits_closings_returns_and_goods_that_come_meet_in_any_order_and_add_up() {
    let stand = Stand::with(&[("DATABASE_WAIT_MS", "20000")]).await;
    let (admin, platform) = (&stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(admin, BORDJ, TV, 16.0).await;
    let mut orders = Vec::new();
    for number in 1..=8 {
        orders.push(delivered(&stand, &platform, number, 3).await);
    }
    for round in 0..3_usize {
        let acts = orders.iter().enumerate().map(|(at, order)| async move {
            match (at + round) % 4 {
                0 => admin.call("account.move", invoice(admin, *order).await, "action_reverse", json!([])).await.status,
                1 => match pickings(admin, *order, "confirmed").await.first() {
                    Some(open) => admin.call("stock.picking", *open, "action_cancel", json!([])).await.status,
                    None => 200,
                },
                2 => match pickings(admin, *order, "done").await.first() {
                    Some(shipped) => match admin.call("stock.picking", *shipped, "action_return", json!([])).await {
                        back if back.status == 200 => admin.call("stock.picking", id(&back), "button_validate", json!([])).await.status,
                        refused => refused.status,
                    },
                    None => 200,
                },
                _ => {
                    Goods::receive(admin, BORDJ, TV, 1.0).await;
                    200
                }
            }
        });
        for status in join_all(acts).await {
            assert!(matches!(status, 200 | 409), "{status}");
        }
        settled(&stand).await;
        agreed(&stand).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_stands_apart_until_somebody_moves_it_to_stock_or_writes_it_off() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, BORDJ, TV, 1.0).await;
    let order = delivered(&stand, &platform, 1, 2).await;
    let back = id(&admin.call("stock.picking", pickings(&admin, order, "done").await[0], "action_return", json!([])).await);
    assert_eq!(admin.call("stock.picking", back, "button_validate", json!([])).await.result(), true);
    settled(&stand).await;
    // Not the order's own backorder takes it
    assert_eq!(line(&admin, order).await, [1.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
    let apart = Goods::returned(&admin, BORDJ, TV).await;
    assert_eq!((apart.quantity, apart.reserved, Goods::of(&admin, BORDJ, TV).await.quantity), (1.0, 0.0, 0.0));
    let place = format!("{BORDJ}/Retours");
    let filter = json!([["complete_name", "=", place]]).to_string();
    let query = "{name, usage, return_location, warehouse_id{code, lot_stock_id{complete_name}}}";
    let location = admin.rows("stock.location", &[("filter", &filter), ("query", query)]).await;
    let expected = json!({"name": "Retours", "usage": "internal", "return_location": true,
        "warehouse_id": {"code": BORDJ, "lot_stock_id": {"complete_name": format!("{BORDJ}/Stock")}}});
    assert_eq!(location, [expected]);
    // No more than is there, and reserved for nobody before it goes
    refused(&Goods::transfer(&admin, &place, BORDJ, TV, 2.0).await, 409, &["Only 1", TV]);
    assert_eq!(Goods::returned(&admin, BORDJ, TV).await.reserved, 0.0);
    assert_eq!(Goods::transfer(&admin, &place, BORDJ, TV, 1.0).await.result(), true);
    settled(&stand).await;
    assert_eq!(line(&admin, order).await, [2.0, 1.0, 0.0, 0.0, 1.0, 1.0], "from stock it is anybody's");
    // The second one comes back too, and is written off
    let back = id(&admin.call("stock.picking", pickings(&admin, order, "done").await[1], "action_return", json!([])).await);
    assert_eq!(admin.call("stock.picking", back, "button_validate", json!([])).await.result(), true);
    Goods::count(&admin, &place, TV, 0.0).await;
    assert_eq!((Goods::returned(&admin, BORDJ, TV).await.quantity, Goods::of(&admin, BORDJ, TV).await.quantity), (0.0, 0.0));
    settled(&stand).await;
    agreed(&stand).await;
    // Every warehouse has its place, one that is new too, and it follows the code
    let pos = json!({"is_pos": true, "name": "POS One", "email": "one@pos.example", "code_pos": "POS-1"});
    let pos = id(&platform.create("res.partner", pos).await);
    assert_eq!(platform.write("res.partner", json!([["id", "=", pos]]), json!({"code_pos": "POS-2"})).await.result(), true);
    system_tests::until("it is renamed", async || {
        !admin.rows("stock.location", &[("filter", r#"[["complete_name","=","POS-2/Retours"]]"#)]).await.is_empty()
    })
    .await;
    let without =
        "SELECT count(*) AS n FROM stock.stock_warehouse w WHERE NOT EXISTS (SELECT FROM stock.stock_location l WHERE l.returns_of = w.id)";
    assert_eq!(stand.count(without).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_notes_by_parts_are_in_sum_the_mirror_of_the_invoice_whatever_the_tax() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let odd = json!({"name": "TVA 14,75 % en sus", "amount": 14.75, "price_include": false});
    let odd = id(&admin.create("account.tax", odd).await);
    for (number, price, tax) in [(1, json!(80_000), json!([])), (2, json!(0.51), json!([odd])), (3, json!(17.03), json!([2]))] {
        let change = json!({"list_price": price, "taxes_id": tax});
        assert_eq!(admin.write("product.template", json!([["manufacturer_ref", "=", TV]]), change).await.result(), true);
        Goods::count(&admin, BORDJ, TV, 7.0).await;
        let order = delivered(&stand, &platform, number, 7).await;
        let shipped = pickings(&admin, order, "done").await[0];
        let moves = one(&admin, "stock.picking", shipped, "{move_ids}").await["move_ids"][0].to_string();
        for _ in 0..7 {
            let back = id(&admin.call("stock.picking", shipped, "action_return", json!([{&moves: 1}])).await);
            assert_eq!(admin.call("stock.picking", back, "button_validate", json!([])).await.result(), true);
            settled(&stand).await;
        }
        let credited = notes(&admin, order).await;
        assert_eq!(credited.len(), 7);
        let whole = one(&admin, "account.move", invoice(&admin, order).await, "{amount_untaxed, amount_tax, amount_total}").await;
        for amount in ["amount_untaxed", "amount_tax", "amount_total"] {
            let centimes = |row: &Value| (row[amount].as_f64().unwrap() * 100.0).round() as i64;
            assert_eq!(credited.iter().map(centimes).sum::<i64>(), centimes(&whole), "{amount} of {whole}");
        }
        if number == 1 {
            assert_eq!((&credited[5]["amount_untaxed"], &credited[6]["amount_untaxed"]), (&json!(67_226.89), &json!(67_226.90)));
        }
    }
    agreed(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_is_told_of_the_rest_of_returns_and_of_credits() {
    let stand = Stand::new().await;
    let (admin, platform, bna) = (stand.login("admin").await, stand.login("ekiclik").await, Platform::new().await);
    platform_of(&admin, "BNA", &bna.url).await;
    let told = async |what: &str, quantities: Value| {
        let heard = bna.hears(what, |call| call.line == "PUT /api/odoo/order/1" && call.json()["lines"][0] == quantities).await.json();
        assert_eq!(heard["state"], "EK_ORDER_DELIVERED", "{heard}");
    };
    let line = |reserved: f64, delivered: f64, returned: f64, credited: f64| json!({"reference": TV, "quantity": 5.0, "reserved": reserved, "delivered": delivered, "returned": returned, "credited": credited});
    Goods::count(&admin, BORDJ, TV, 2.0).await;
    let order = delivered(&stand, &platform, 1, 5).await;
    told("what is short", line(0.0, 2.0, 0.0, 0.0)).await;
    Goods::receive(&admin, BORDJ, TV, 2.0).await;
    told("what ships later", line(0.0, 4.0, 0.0, 0.0)).await;
    let back = id(&admin.call("stock.picking", pickings(&admin, order, "done").await[0], "action_return", json!([])).await);
    admin.call("stock.picking", back, "button_validate", json!([])).await.result();
    told("what came back", line(0.0, 4.0, 2.0, 2.0)).await;
    admin.call("account.move", invoice(&admin, order).await, "action_reverse", json!([])).await.result();
    told("what is given up", line(0.0, 4.0, 2.0, 3.0)).await;
    // The last of the rest, where nothing else is to be told
    Goods::count(&admin, ALGER, TV, 0.0).await;
    let rest = delivered(&stand, &platform, 2, 1).await;
    bna.hears("that one is short", |call| call.line == "PUT /api/odoo/order/2" && call.body.contains(r#""delivered":0"#)).await;
    Goods::receive(&admin, BORDJ, TV, 1.0).await;
    bna.hears("that it went", |call| call.line == "PUT /api/odoo/order/2" && call.body.contains(r#""delivered":1"#)).await;
    settled(&stand).await;
    assert_eq!(self::line(&admin, rest).await[0], 1.0);
}
