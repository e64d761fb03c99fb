//! What orders do to goods: reserved oldest first, shipped by the order's state, given back, taken back.

use serde_json::{Value, json};
use stock::demand::{self, Heard};
use system_tests::stock::{ALGER, BORDJ, CANAPE, Goods, TV, consistent, one, open_receipt};
use system_tests::{Session, Stand, id, refused, until};

const CREATED: &str = "EK_ORDER_CREATED";
const DELIVERED: &str = "EK_ORDER_DELIVERED";
const CANCELED: &str = "EK_CLIENT_ORDER_CANCELED";

/// Orders as crm would tell of them, without crm: their numbers are none of crm's.
struct Orders<'s> {
    stand: &'s Stand,
    products: Vec<Value>,
    points: Vec<Value>,
    banks: Vec<Value>,
}

impl<'s> Orders<'s> {
    async fn of(stand: &'s Stand, admin: &Session<'_>) -> Orders<'s> {
        let products = admin.rows("product.product", &[("query", "{id, name, manufacturer_ref}")]).await;
        let points = admin.rows("res.partner", &[("filter", "[[\"is_pos\",\"=\",true]]"), ("query", "{id, code_pos}")]).await;
        let banks = admin.rows("res.bank", &[("query", "{id, name}")]).await;
        Orders { stand, products, points, banks }
    }

    /// One order: lines of where, what and how many.
    fn order(&self, order: i64, version: i64, state: &str, lines: &[(&str, &str, &str)]) -> Value {
        let lines: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(at, (code, reference, quantity))| {
                let product = self.products.iter().find(|product| product["manufacturer_ref"] == *reference).unwrap();
                let pos = self.points.iter().find(|point| point["code_pos"] == *code);
                json!({"id": order * 10 + at as i64, "product_id": product["id"], "name": product["name"], "manufacturer_ref": reference,
                    "quantity": quantity, "price_unit": "100.00", "pos_id": pos.map(|pos| &pos["id"]), "code_pos": pos.map(|_| code)})
            })
            .collect();
        let bank = self.banks.iter().find(|bank| bank["name"] == "Alsalam").unwrap();
        json!({"id": order, "name": format!("S{order}"), "version": version, "ek_state": state, "bank_id": bank["id"], "partner_id": null, "lines": lines})
    }

    async fn tell(&self, orders: Vec<Value>) {
        let heard = Heard { demands: serde_json::from_value(orders.into()).unwrap(), ..Heard::default() };
        let stock = &self.stand.hub.as_ref().unwrap().stock;
        stock
            .transact(None, |tx| {
                let heard = heard.clone();
                Box::pin(async move { demand::apply(tx, &heard).await })
            })
            .await
            .unwrap();
        consistent(self.stand).await;
    }
}

/// The moves of an order: state, demand, reserved and done of each, in order.
async fn moves(session: &Session<'_>, order: i64) -> Vec<(String, f64, f64, f64)> {
    let filter = json!([["sale_id", "=", order]]).to_string();
    let query = "{state, product_uom_qty, reserved_availability, quantity_done}";
    let rows = session.rows("stock.move", &[("filter", &filter), ("query", query)]).await;
    let number = |row: &Value, name: &str| row[name].as_f64().unwrap();
    rows.iter()
        .map(|row| {
            (
                row["state"].as_str().unwrap().to_owned(),
                number(row, "product_uom_qty"),
                number(row, "reserved_availability"),
                number(row, "quantity_done"),
            )
        })
        .collect()
}

async fn pickings(session: &Session<'_>, order: i64) -> Vec<Value> {
    let filter = json!([["sale_id", "=", order]]).to_string();
    let query = "{id, name, origin, state, picking_type_code, location_id{complete_name}, backorder_id, return_id, bank_id}";
    session.rows("stock.picking", &[("filter", &filter), ("query", query), ("order", "id")]).await
}

fn state(of: &str, demand: f64, reserved: f64, done: f64) -> (String, f64, f64, f64) {
    (of.to_owned(), demand, reserved, done)
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_are_reserved_oldest_order_first_and_a_cancelled_one_gives_them_to_who_waits() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let orders = Orders::of(&stand, &admin).await;
    Goods::count(&admin, BORDJ, TV, 5.0).await;
    // In one batch and out of order; the third one is cancelled already
    let (first, second) = (orders.order(9001, 1, CREATED, &[(BORDJ, TV, "3")]), orders.order(9002, 1, CREATED, &[(BORDJ, TV, "4")]));
    orders.tell(vec![second.clone(), orders.order(9003, 2, CANCELED, &[(BORDJ, TV, "1")]), first.clone()]).await;
    assert_eq!(moves(&admin, 9001).await, [state("assigned", 3.0, 3.0, 0.0)]);
    assert_eq!(moves(&admin, 9002).await, [state("partially_available", 4.0, 2.0, 0.0)]);
    assert_eq!(moves(&admin, 9003).await, []);
    assert_eq!(
        (&pickings(&admin, 9001).await[0]["state"], &pickings(&admin, 9002).await[0]["state"]),
        (&json!("assigned"), &json!("confirmed"))
    );
    // The same again, and what is older, changes nothing
    orders.tell(vec![first, second]).await;
    orders.tell(vec![orders.order(9001, 3, "EK_ORDER_IN_PREPARATION", &[(BORDJ, TV, "3")])]).await;
    orders.tell(vec![orders.order(9001, 2, CANCELED, &[(BORDJ, TV, "3")])]).await;
    assert_eq!(moves(&admin, 9001).await, [state("assigned", 3.0, 3.0, 0.0)]);
    orders.tell(vec![orders.order(9001, 4, CANCELED, &[(BORDJ, TV, "3")])]).await;
    assert_eq!(moves(&admin, 9001).await, [state("cancel", 3.0, 0.0, 0.0)]);
    assert_eq!(pickings(&admin, 9001).await[0]["state"], "cancel");
    assert_eq!(moves(&admin, 9002).await, [state("assigned", 4.0, 4.0, 0.0)]);
    assert_eq!(pickings(&admin, 9002).await[0]["state"], "assigned");
    // An order that was cancelled stays so
    orders.tell(vec![orders.order(9001, 5, DELIVERED, &[(BORDJ, TV, "3")])]).await;
    assert_eq!(Goods::of(&admin, BORDJ, TV).await.quantity, 5.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_has_a_picking_a_warehouse_and_only_its_state_ships_it() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let orders = Orders::of(&stand, &admin).await;
    let lines = [(BORDJ, TV, "2"), (ALGER, TV, "1"), ("EKIWH", CANAPE, "1.5"), (BORDJ, CANAPE, "1")];
    for (code, reference, quantity) in [(BORDJ, TV, 2.0), (BORDJ, CANAPE, 1.0), (ALGER, TV, 9.0), ("EKIWH", CANAPE, 1.5)] {
        Goods::count(&admin, code, reference, quantity).await;
    }
    orders.tell(vec![orders.order(9001, 1, CREATED, &lines)]).await;
    let made = pickings(&admin, 9001).await;
    let places: Vec<_> = made.iter().map(|one| one["location_id"]["complete_name"].as_str().unwrap()).collect();
    assert_eq!(places, [format!("{BORDJ}/Stock"), format!("{ALGER}/Stock"), "EKIWH/Stock".to_owned()]);
    let first = &made[0];
    let number = first["id"].as_i64().unwrap();
    assert_eq!(
        (&first["origin"], &first["state"], &first["name"]),
        (&json!("S9001"), &json!("assigned"), &json!(format!("{BORDJ}/OUT/{number:05}")))
    );
    for method in ["button_validate", "action_cancel"] {
        refused(&admin.call("stock.picking", number, method, json!([])).await, 409, &["S9001", "order's state"]);
    }
    refused(&admin.call("stock.picking", number, "action_return", json!([])).await, 409, &["no delivery that is done"]);
    orders.tell(vec![orders.order(9001, 2, DELIVERED, &lines)]).await;
    assert!(pickings(&admin, 9001).await.iter().all(|one| one["state"] == "done"));
    assert_eq!(
        [
            Goods::of(&admin, BORDJ, TV).await.quantity,
            Goods::of(&admin, ALGER, TV).await.quantity,
            Goods::of(&admin, "EKIWH", CANAPE).await.quantity
        ],
        [0.0, 8.0, 0.0]
    );
    let ledger = admin.rows("stock.move.line", &[("filter", "[[\"origin\",\"=\",\"S9001\"]]"), ("query", "{reference, qty_done}")]).await;
    assert_eq!(ledger.len(), 4);
    assert!(ledger.iter().all(|line| line["reference"].as_str().unwrap().contains("/OUT/")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_delivered_order_is_short_of_ships_by_itself_when_goods_come() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let orders = Orders::of(&stand, &admin).await;
    let lines = [(BORDJ, TV, "5"), (BORDJ, CANAPE, "2")];
    Goods::count(&admin, BORDJ, TV, 2.0).await;
    orders.tell(vec![orders.order(9001, 1, CREATED, &lines)]).await;
    // Younger, and not delivered: what comes is first the older one's, whose rest keeps its place
    orders.tell(vec![orders.order(9002, 1, CREATED, &[(BORDJ, TV, "1")])]).await;
    orders.tell(vec![orders.order(9001, 2, DELIVERED, &lines)]).await;
    assert_eq!(
        moves(&admin, 9001).await,
        [state("done", 2.0, 0.0, 2.0), state("confirmed", 2.0, 0.0, 0.0), state("confirmed", 3.0, 0.0, 0.0)]
    );
    let made = pickings(&admin, 9001).await;
    assert_eq!((made.len(), &made[0]["state"], &made[1]["state"]), (2, &json!("done"), &json!("confirmed")));
    assert_eq!(made[1]["backorder_id"], made[0]["id"]);
    // A delivered order is not cancelled any more, nor does its backorder ship by hand
    orders.tell(vec![orders.order(9001, 3, CANCELED, &lines)]).await;
    refused(&admin.call("stock.picking", made[1]["id"].as_i64().unwrap(), "button_validate", json!([])).await, 409, &["order's state"]);
    // Goods come by a receipt
    let lines = json!([{"product_id": TV, "product_qty": 2}]);
    let purchase = id(&admin.create("purchase.order", json!({"partner_id": BORDJ, "order_line": lines})).await);
    admin.call("purchase.order", purchase, "button_confirm", json!([])).await.result();
    let receipt = open_receipt(&admin, purchase).await["id"].as_i64().unwrap();
    admin.call("stock.picking", receipt, "button_validate", json!([])).await.result();
    assert_eq!(Goods::of(&admin, BORDJ, TV).await.quantity, 0.0);
    let shipped: f64 = moves(&admin, 9001).await.iter().map(|one| one.3).sum();
    assert_eq!(shipped, 4.0);
    consistent(&stand).await;
    // By an inventory, and by a transfer
    Goods::count(&admin, BORDJ, TV, 3.0).await;
    let goods = Goods::of(&admin, BORDJ, TV).await;
    assert_eq!((goods.quantity, goods.reserved), (2.0, 1.0));
    Goods::count(&admin, "EKIWH", CANAPE, 2.0).await;
    let sent = json!({"picking_type_code": "internal", "location_id": "EKIWH", "location_dest_id": BORDJ, "move_ids": [{"product_id": CANAPE, "product_uom_qty": 2}]});
    let transfer = id(&admin.create("stock.picking", sent).await);
    for method in ["action_confirm", "button_validate"] {
        assert_eq!(admin.call("stock.picking", transfer, method, json!([])).await.result(), true);
    }
    assert_eq!(Goods::of(&admin, BORDJ, CANAPE).await.quantity, 0.0);
    assert!(pickings(&admin, 9001).await.iter().all(|one| one["state"] == "done"));
    assert_eq!(moves(&admin, 9002).await, [state("assigned", 1.0, 1.0, 0.0)]);
    consistent(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_heard_of_when_it_is_delivered_already_ships_at_once() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let orders = Orders::of(&stand, &admin).await;
    Goods::count(&admin, BORDJ, TV, 1.0).await;
    orders.tell(vec![orders.order(9001, 7, DELIVERED, &[(BORDJ, TV, "3")])]).await;
    assert_eq!(moves(&admin, 9001).await, [state("done", 1.0, 0.0, 1.0), state("confirmed", 2.0, 0.0, 0.0)]);
    Goods::count(&admin, BORDJ, TV, 2.0).await;
    assert_eq!(moves(&admin, 9001).await, [state("done", 1.0, 0.0, 1.0), state("done", 2.0, 0.0, 2.0)]);
    consistent(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_below_what_is_reserved_takes_the_newest_reservations() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let orders = Orders::of(&stand, &admin).await;
    Goods::count(&admin, BORDJ, TV, 6.0).await;
    let orders_of = |version| (9001..9004).map(|order| orders.order(order, version, CREATED, &[(BORDJ, TV, "2")])).collect::<Vec<_>>();
    orders.tell(orders_of(1)).await;
    Goods::count(&admin, BORDJ, TV, 3.0).await;
    assert_eq!(moves(&admin, 9001).await, [state("assigned", 2.0, 2.0, 0.0)]);
    assert_eq!(moves(&admin, 9002).await, [state("partially_available", 2.0, 1.0, 0.0)]);
    assert_eq!(moves(&admin, 9003).await, [state("confirmed", 2.0, 0.0, 0.0)]);
    assert_eq!(pickings(&admin, 9003).await[0]["state"], "confirmed");
    consistent(&stand).await;
    Goods::count(&admin, BORDJ, TV, 0.0).await;
    assert_eq!(moves(&admin, 9001).await, [state("confirmed", 2.0, 0.0, 0.0)]);
    Goods::count(&admin, BORDJ, TV, 5.5).await;
    assert_eq!(moves(&admin, 9003).await, [state("partially_available", 2.0, 1.5, 0.0)]);
    consistent(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_shipped_comes_back_once() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let orders = Orders::of(&stand, &admin).await;
    Goods::count(&admin, BORDJ, TV, 5.0).await;
    orders.tell(vec![orders.order(9001, 1, DELIVERED, &[(BORDJ, TV, "5")])]).await;
    let delivery = pickings(&admin, 9001).await[0]["id"].as_i64().unwrap();
    let filter = json!([["picking_id", "=", delivery]]).to_string();
    let shipped = admin.rows("stock.move", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap();
    let quantities = |quantity: Value| json!([{shipped.to_string(): quantity}]);
    for (sent, words) in [
        (quantities(json!(6)), ["only 5", "6"]),
        (quantities(json!(-1)), ["-1", "above 0"]),
        (json!([{"77": 1}]), ["'77'", "no move"]),
        (json!([[1]]), ["quantities", "object"]),
    ] {
        refused(&admin.call("stock.picking", delivery, "action_return", sent).await, 422, &words);
    }
    let first = id(&admin.call("stock.picking", delivery, "action_return", quantities(json!(2))).await);
    let made = one(&admin, "stock.picking", first, "{return_id, state, picking_type_code, location_dest_id{complete_name}, bank_id, sale_id, move_ids{id, origin_returned_move_id, sale_line_id, product_uom_qty}}").await;
    assert_eq!(
        (&made["return_id"], &made["state"], &made["picking_type_code"]),
        (&json!(delivery), &json!("assigned"), &json!("incoming"))
    );
    assert_eq!((&made["location_dest_id"]["complete_name"], &made["sale_id"]), (&json!(format!("{BORDJ}/Retours")), &json!(9001)));
    assert_eq!((&made["move_ids"][0]["origin_returned_move_id"], &made["move_ids"][0]["sale_line_id"]), (&json!(shipped), &json!(90010)));
    let back = made["move_ids"][0]["id"].as_i64().unwrap();
    refused(&admin.write("stock.move", json!([["id", "=", back]]), json!({"quantity_done": 3})).await, 422, &["at most 2"]);
    // What is on its way back is not taken back again; the rest is, once
    refused(&admin.call("stock.picking", delivery, "action_return", quantities(json!(4))).await, 422, &["only 3"]);
    let rest = id(&admin.call("stock.picking", delivery, "action_return", json!([])).await);
    refused(&admin.call("stock.picking", delivery, "action_return", json!([])).await, 409, &["back already"]);
    // Of two one comes, and stands apart, whoever waits; the other never does
    orders.tell(vec![orders.order(9002, 1, CREATED, &[(BORDJ, TV, "1")])]).await;
    assert_eq!(admin.write("stock.move", json!([["id", "=", back]]), json!({"quantity_done": 1})).await.result(), true);
    assert_eq!(admin.call("stock.picking", first, "button_validate", json!([])).await.result(), true);
    assert_eq!(moves(&admin, 9002).await, [state("confirmed", 1.0, 0.0, 0.0)]);
    let missing = pickings(&admin, 9001).await.into_iter().find(|one| one["backorder_id"] == first).unwrap();
    assert_eq!((&missing["return_id"], &missing["state"]), (&json!(delivery), &json!("assigned")));
    assert_eq!(admin.call("stock.picking", missing["id"].as_i64().unwrap(), "action_cancel", json!([])).await.result(), true);
    assert_eq!(admin.call("stock.picking", rest, "button_validate", json!([])).await.result(), true);
    assert_eq!((Goods::of(&admin, BORDJ, TV).await.quantity, Goods::returned(&admin, BORDJ, TV).await.quantity), (0.0, 4.0));
    consistent(&stand).await;
    let again = id(&admin.call("stock.picking", delivery, "action_return", json!([])).await);
    let left = one(&admin, "stock.picking", again, "{move_ids{product_uom_qty}}").await;
    assert_eq!(left["move_ids"][0]["product_uom_qty"].as_f64(), Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_sees_its_own_pickings_moves_and_ledger_and_what_is_no_banks() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let orders = Orders::of(&stand, &admin).await;
    Goods::count(&admin, BORDJ, TV, 5.0).await;
    orders.tell(vec![orders.order(9001, 1, DELIVERED, &[(BORDJ, TV, "1")])]).await;
    let (own, other) = (stand.login("alsalam").await, stand.login("bna").await);
    let number = pickings(&admin, 9001).await[0]["id"].as_i64().unwrap();
    assert_eq!(own.get(&format!("/api/stock.picking/{number}")).await.status, 200);
    assert_eq!(other.get(&format!("/api/stock.picking/{number}")).await.status, 404);
    assert_eq!((pickings(&own, 9001).await.len(), pickings(&other, 9001).await.len()), (1, 0));
    assert_eq!((moves(&own, 9001).await.len(), moves(&other, 9001).await.len()), (1, 0));
    // The inventory is no bank's
    assert_eq!((own.rows("stock.move.line", &[]).await.len(), other.rows("stock.move.line", &[]).await.len()), (2, 1));
    assert_eq!(other.call("stock.picking", number, "action_return", json!([])).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_the_platform_is_served_from_its_lead_to_its_backorder() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, BORDJ, TV, 2.0).await;
    let lead = json!({"order_source": "Alsalam", "partner": {"email": "yasmine.cherif@example.dz"}, "cart_id": 1,
        "cart": [{"manufacturer_ref": TV, "quantity": 3, "product_warehouse_id": BORDJ}], "quotation_address": {"ek_order_id": 77}});
    id(&platform.create("crm.lead", lead).await);
    let order =
        platform.rows("sale.order", &[("filter", "[[\"ek_order_id\",\"=\",77]]"), ("query", "{id}")]).await[0]["id"].as_i64().unwrap();
    until("the goods are reserved", async || moves(&admin, order).await == [state("partially_available", 3.0, 2.0, 0.0)]).await;
    for step in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", DELIVERED] {
        let data = json!({"order_source": "Alsalam", "state": step});
        assert_eq!(platform.write("sale.order", json!([["ek_order_id", "=", "77"]]), data).await.result(), true);
    }
    until("two are shipped", async || moves(&admin, order).await == [state("done", 2.0, 0.0, 2.0), state("confirmed", 1.0, 0.0, 0.0)])
        .await;
    Goods::count(&admin, BORDJ, TV, 4.0).await;
    assert_eq!(moves(&admin, order).await, [state("done", 2.0, 0.0, 2.0), state("done", 1.0, 0.0, 1.0)]);
    until("crm knows", async || {
        let filter = json!([["order_id", "=", order]]).to_string();
        platform.rows("sale.order.line", &[("filter", &filter), ("query", "{qty_delivered}")]).await[0]["qty_delivered"].as_f64()
            == Some(3.0)
    })
    .await;
    let bank = one(&admin, "stock.picking", pickings(&admin, order).await[0]["id"].as_i64().unwrap(), "{bank_id, partner_id}").await;
    assert!(bank["bank_id"].is_i64() && bank["partner_id"].is_i64(), "{bank}");
    assert_eq!(stand.count("SELECT (SELECT count(*) FROM stock.feed_parked) + (SELECT count(*) FROM crm.feed_parked) AS n").await, 0);
    consistent(&stand).await;
}
