//! Purchases, receipts, inventories, transfers: goods and their numbers, through the door.

use serde_json::{Value, json};
use system_tests::stock::{ALGER, BORDJ, CANAPE, Goods, TV, consistent, one, open_receipt};
use system_tests::{Stand, id, refused, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_is_received_in_two_parts_the_rest_being_a_backorder() {
    let stand = Stand::new().await;
    let (platform, admin) = (stand.login("ekiclik").await, stand.login("admin").await);
    let purchase = id(&platform
        .create(
            "purchase.order",
            json!({"create_by": "ek", "partner_id": BORDJ, "user_id": 2, "state": "purchase", "date_order": "30/07/23 12:23:15",
                   "order_line": [{"product_id": TV, "product_qty": 6, "price_unit": 6000}, {"product_id": CANAPE, "product_qty": 2.5, "price_unit": 0.1}]}),
        )
        .await);
    let query = "{name, state, date_order, user_id, create_by, amount_total, receipt_status, warehouse_id{code}, order_line{manufacturer_ref, product_qty, price_subtotal, qty_received}}";
    let made = one(&admin, "purchase.order", purchase, query).await;
    assert_eq!(
        (&made["name"], &made["state"], &made["date_order"], &made["user_id"], &made["create_by"]),
        (&json!(format!("P{purchase:05}")), &json!("draft"), &json!("2023-07-30-11-23"), &json!(2), &json!("ekiclik"))
    );
    assert_eq!((&made["amount_total"], &made["receipt_status"]), (&json!(36000.25), &json!(false)));
    assert_eq!(made["warehouse_id"]["code"], BORDJ);
    assert_eq!(made["order_line"].as_array().unwrap().len(), 2);
    assert_eq!(admin.call("purchase.order", purchase, "button_confirm", json!([])).await.result(), true);
    // Confirming again makes no second receipt
    assert_eq!(admin.call("purchase.order", purchase, "button_confirm", json!([])).await.result(), true);
    let receipt = open_receipt(&admin, purchase).await;
    assert_eq!((&receipt["state"], &receipt["picking_type_code"]), (&json!("assigned"), &json!("incoming")));
    assert_eq!(receipt["name"], format!("{BORDJ}/IN/{:05}", receipt["id"].as_i64().unwrap()));
    let goods = Goods::of(&admin, BORDJ, TV).await;
    assert_eq!((goods.quantity, goods.incoming), (0.0, 6.0));

    let tv = receipt["move_ids"][0]["id"].as_i64().unwrap();
    assert_eq!(admin.write("stock.move", json!([["id", "=", tv]]), json!({"quantity_done": 4})).await.result(), true);
    let receipt_id = receipt["id"].as_i64().unwrap();
    assert_eq!(admin.call("stock.picking", receipt_id, "button_validate", json!([])).await.result(), true);
    refused(&admin.call("stock.picking", receipt_id, "button_validate", json!([])).await, 409, &["done"]);
    refused(&admin.write("stock.move", json!([["id", "=", tv]]), json!({"quantity_done": 5})).await, 409, &["done"]);
    assert_eq!(Goods::of(&admin, BORDJ, TV).await.quantity, 4.0);
    let half = one(&admin, "purchase.order", purchase, query).await;
    assert_eq!((&half["receipt_status"], &half["order_line"][0]["qty_received"]), (&json!("partial"), &json!(4.0)));
    refused(&admin.call("purchase.order", purchase, "button_cancel", json!([])).await, 409, &["received"]);

    let rest = open_receipt(&admin, purchase).await;
    assert_eq!(rest["backorder_id"], receipt_id);
    let left: Vec<_> =
        rest["move_ids"].as_array().unwrap().iter().map(|one| (one["manufacturer_ref"].clone(), one["product_uom_qty"].clone())).collect();
    assert!(left.contains(&(json!(TV), json!(2.0))) && left.contains(&(json!(CANAPE), json!(2.5))), "{left:?}");
    // Nothing set means all
    assert_eq!(admin.call("stock.picking", rest["id"].as_i64().unwrap(), "button_validate", json!([])).await.result(), true);
    let full = one(&admin, "purchase.order", purchase, query).await;
    assert_eq!(full["receipt_status"], "full");
    assert_eq!((Goods::of(&admin, BORDJ, TV).await.quantity, Goods::of(&admin, BORDJ, CANAPE).await.quantity), (6.0, 2.5));
    assert_eq!(admin.rows("stock.move.line", &[]).await.len(), 3);
    consistent(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_may_come_than_was_asked_for() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let purchase =
        id(&admin.create("purchase.order", json!({"partner_id": "EKIWH", "order_line": [{"product_id": TV, "product_qty": 6}]})).await);
    admin.call("purchase.order", purchase, "button_confirm", json!([])).await.result();
    let receipt = open_receipt(&admin, purchase).await;
    let tv = receipt["move_ids"][0]["id"].as_i64().unwrap();
    assert_eq!(admin.write("stock.move", json!([["id", "=", tv]]), json!({"quantity_done": 8})).await.result(), true);
    refused(&admin.write("stock.move", json!([["id", "=", tv]]), json!({"quantity_done": -1})).await, 422, &["quantity_done"]);
    refused(&admin.write("stock.move", json!([["id", "=", tv]]), json!({"state": "done"})).await, 422, &["state"]);
    admin.call("stock.picking", receipt["id"].as_i64().unwrap(), "button_validate", json!([])).await.result();
    assert_eq!(Goods::of(&admin, "EKIWH", TV).await.quantity, 8.0);
    consistent(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_purchase_twice_is_one_told_by_the_header() {
    let stand = Stand::new().await;
    let (platform, admin) = (stand.login("ekiclik").await, stand.login("admin").await);
    let sent =
        |quantity: i64| json!({"partner_id": ALGER, "order_line": [{"product_id": TV, "product_qty": quantity, "price_unit": 6000}]});
    let first = platform.create("purchase.order", sent(6)).await;
    let again = platform.create("purchase.order", sent(6)).await;
    assert_eq!((id(&first), first.headers.get("idempotency-replayed")), (id(&again), None));
    assert_eq!(again.headers.get("idempotency-replayed").map(String::as_str), Some("true"));
    assert_ne!(id(&platform.create("purchase.order", sent(7)).await), id(&first));
    assert_ne!(id(&admin.create("purchase.order", sent(6)).await), id(&first));
    let key = [("idempotency-key", "\"another-one\"")];
    let body = json!({"params": {"data": sent(6)}}).to_string();
    assert_ne!(id(&platform.send("POST", "/api/purchase.order/", &key, &body).await), id(&first));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_a_purchase_names_wrongly_is_told_at_once_and_nothing_is_stored() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let wrong = json!({"partner_id": "NO-SUCH-POS", "date_order": "31/02/23 12:00:00", "color": "red", "order_line": [
        {"product_id": "NO-SUCH-REF", "product_qty": 1}, {"product_id": 999_999, "product_qty": 1}, {"product_id": TV, "product_qty": 0},
        {"product_id": TV, "product_qty": 1, "price_unit": -1}, {"product_qty": 1}, {"product_id": TV}]});
    let answer = platform.create("purchase.order", wrong).await;
    refused(&answer, 422, &["NO-SUCH-POS", "NO-SUCH-REF", "999999", "date_order", "color", "product_qty: 0", "price_unit: -1"]);
    refused(&answer, 422, &["purchase.order.line.product_id' is required", "product_qty' is required"]);
    refused(&platform.create("purchase.order", json!({"order_line": []})).await, 422, &["partner_id", "order_line"]);
    let many = vec![json!({"product_id": TV, "product_qty": 1}); 201];
    refused(&platform.create("purchase.order", json!({"partner_id": ALGER, "order_line": many})).await, 422, &["200"]);
    assert_eq!(
        stand.count("SELECT (SELECT count(*) FROM stock.purchase_order) + (SELECT count(*) FROM stock.purchase_order_line) AS n").await,
        0
    );
    // A user whom nobody knows is nobody
    let sent = json!({"partner_id": ALGER, "user_id": 777_777, "order_line": [{"product_id": TV, "product_qty": 1}]});
    let purchase = id(&platform.create("purchase.order", sent).await);
    assert_eq!(one(&platform, "purchase.order", purchase, "{user_id, amount_total}").await, json!({"user_id": false, "amount_total": 0.0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_purchase_changes_its_date_and_notes_alone() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let lines = json!([{"product_id": TV, "product_qty": 1}]);
    let purchase = id(&admin.create("purchase.order", json!({"partner_id": ALGER, "order_line": lines})).await);
    let mine = json!([["id", "=", purchase]]);
    let change = json!({"date_order": "01/01/24 00:30:00", "notes": "Urgent"});
    assert_eq!(admin.write("purchase.order", mine.clone(), change).await.result(), true);
    let changed = one(&admin, "purchase.order", purchase, "{date_order, notes}").await;
    assert_eq!(changed, json!({"date_order": "2023-12-31-23-30", "notes": "Urgent"}));
    refused(&admin.write("purchase.order", mine.clone(), json!({"order_line": lines})).await, 422, &["lines"]);
    refused(&admin.write("purchase.order", mine.clone(), json!({"state": "done"})).await, 422, &["state"]);
    assert_eq!(admin.call("purchase.order", purchase, "button_confirm", json!([])).await.result(), true);
    refused(&admin.write("purchase.order", mine, json!({"notes": "Late"})).await, 409, &["purchase"]);
    // Cancelled with its receipt; then a draft again
    assert_eq!(admin.call("purchase.order", purchase, "button_cancel", json!([])).await.result(), true);
    let pickings = "{state, picking_ids{state, move_ids{state}}}";
    let canceled = one(&admin, "purchase.order", purchase, pickings).await;
    assert_eq!(canceled, json!({"state": "cancel", "picking_ids": [{"state": "cancel", "move_ids": [{"state": "cancel"}]}]}));
    refused(&admin.call("purchase.order", purchase, "button_confirm", json!([])).await, 409, &["cancel"]);
    assert_eq!(admin.call("purchase.order", purchase, "button_draft", json!([])).await.result(), true);
    assert_eq!(admin.call("purchase.order", purchase, "button_confirm", json!([])).await.result(), true);
    let again = one(&admin, "purchase.order", purchase, pickings).await;
    let states: Vec<_> = again["picking_ids"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect();
    assert!(states.contains(&"assigned".to_owned()) && states.contains(&"cancel".to_owned()), "{states:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_user_may_do_what_the_table_of_rights_says() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let clerk = json!({"name": "Clerk", "login": "clerk", "password": "a long password"});
    id(&admin.create("res.users", clerk).await);
    let (clerk, platform, bank) =
        (stand.login_with("clerk", "a long password").await, stand.login("ekiclik").await, stand.login("alsalam").await);
    let sent = json!({"partner_id": ALGER, "order_line": [{"product_id": TV, "product_qty": 1}]});
    let purchase = id(&clerk.create("purchase.order", sent.clone()).await);
    id(&platform.create("purchase.order", sent.clone()).await);
    assert_eq!(bank.create("purchase.order", sent).await.status, 403);
    let mine = json!([["id", "=", purchase]]);
    // What goods cost is not a bank's to know
    for (other, reads) in [(&platform, 200), (&bank, 403)] {
        assert_eq!(other.get(&format!("/api/purchase.order/{purchase}")).await.status, reads);
        assert_eq!(other.write("purchase.order", mine.clone(), json!({"notes": "x"})).await.status, 403);
        for method in ["button_confirm", "button_cancel", "button_draft"] {
            assert_eq!(other.call("purchase.order", purchase, method, json!([])).await.status, 403, "{method}");
        }
    }
    assert_eq!(clerk.call("purchase.order", purchase, "button_confirm", json!([])).await.result(), true);
    let receipt = open_receipt(&clerk, purchase).await;
    let (picking, mv) = (receipt["id"].as_i64().unwrap(), receipt["move_ids"][0]["id"].as_i64().unwrap());
    let quant = json!({"product_id": TV, "location_id": ALGER, "inventory_quantity": 3});
    for other in [&platform, &bank] {
        assert_eq!(other.get(&format!("/api/stock.picking/{picking}")).await.status, 200);
        assert_eq!(other.write("stock.move", json!([["id", "=", mv]]), json!({"quantity_done": 1})).await.status, 403);
        assert_eq!(other.call("stock.picking", picking, "button_validate", json!([])).await.status, 403);
        assert_eq!(other.create("stock.quant", quant.clone()).await.status, 403);
    }
    assert_eq!(clerk.call("stock.picking", picking, "button_validate", json!([])).await.result(), true);
    let counted = id(&clerk.create("stock.quant", quant.clone()).await);
    assert_eq!(bank.call("stock.quant", counted, "action_apply_inventory", json!([])).await.status, 403);
    assert_eq!(clerk.call("stock.quant", counted, "action_apply_inventory", json!([])).await.result(), true);
    for (model, data) in
        [("stock.warehouse", json!({"name": "x"})), ("stock.move.line", json!({"qty_done": 1})), ("stock.move", json!({"name": "x"}))]
    {
        assert_eq!(admin.create(model, data).await.status, 403, "{model}");
        assert_eq!(admin.unlink(model, 1).await.status, 403, "{model}");
    }
    assert_eq!(admin.unlink("stock.quant", counted).await.status, 403);
    assert_eq!(admin.call("stock.picking", 999_999, "button_validate", json!([])).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inventory_makes_what_was_counted_what_is_there() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let counted = |quantity: f64| json!({"product_id": TV, "location_id": "EKIWH", "inventory_quantity": quantity});
    let quant = id(&admin.create("stock.quant", counted(5.0)).await);
    assert_eq!(id(&admin.create("stock.quant", counted(7.5)).await), quant);
    let query = "{quantity, inventory_quantity, inventory_quantity_set, product_name, manufacturer_ref, warehouse_id{code}}";
    let before = one(&admin, "stock.quant", quant, query).await;
    assert_eq!(
        (&before["quantity"], &before["inventory_quantity"], &before["inventory_quantity_set"]),
        (&json!(0.0), &json!(7.5), &json!(true))
    );
    assert_eq!((&before["manufacturer_ref"], &before["warehouse_id"]["code"]), (&json!(TV), &json!("EKIWH")));
    for quantity in [7.5, 2.0, 0.0, 3.0] {
        assert_eq!(admin.write("stock.quant", json!([["id", "=", quant]]), json!({"inventory_quantity": quantity})).await.result(), true);
        assert_eq!(admin.call("stock.quant", quant, "action_apply_inventory", json!([])).await.result(), true);
        // There is no count any more: applying again changes nothing
        assert_eq!(admin.call("stock.quant", quant, "action_apply_inventory", json!([])).await.result(), true);
        let after = one(&admin, "stock.quant", quant, "{quantity, inventory_quantity_set}").await;
        assert_eq!((after["quantity"].as_f64(), &after["inventory_quantity_set"]), (Some(quantity), &json!(false)));
        consistent(&stand).await;
    }
    assert_eq!(admin.rows("stock.move.line", &[("filter", "[[\"origin\",\"=\",\"Inventory\"]]")]).await.len(), 4);
    for (data, word) in [
        (json!({"quantity": 9}), "quantity"),
        (json!({"reserved_quantity": 9}), "reserved_quantity"),
        (json!({"inventory_quantity": -1}), "-1"),
    ] {
        refused(&admin.write("stock.quant", json!([["id", "=", quant]]), data).await, 422, &[word]);
    }
    let wrong = json!({"product_id": "NO-SUCH", "location_id": "NOWHERE"});
    refused(&admin.create("stock.quant", wrong).await, 422, &["NO-SUCH", "NOWHERE"]);
    refused(&admin.create("stock.quant", json!({"product_id": TV, "location_id": 2})).await, 422, &["keeps goods"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_between_two_points_of_sale_takes_what_is_there_and_leaves_the_rest_as_a_backorder() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    Goods::count(&admin, ALGER, TV, 3.0).await;
    let sent = json!({"picking_type_code": "internal", "location_id": ALGER, "location_dest_id": BORDJ, "note": "By van",
        "move_ids": [{"product_id": TV, "product_uom_qty": 5}, {"product_id": CANAPE, "product_uom_qty": 1}]});
    let transfer = id(&admin.create("stock.picking", sent).await);
    let query = "{name, state, backorder_id, move_ids{manufacturer_ref, state, reserved_availability, quantity_done, product_uom_qty}}";
    let draft = one(&admin, "stock.picking", transfer, query).await;
    assert_eq!((&draft["state"], &draft["name"]), (&json!("draft"), &json!(format!("{ALGER}/INT/{transfer:05}"))));
    refused(&admin.call("stock.picking", transfer, "button_validate", json!([])).await, 409, &["draft"]);
    assert_eq!(admin.call("stock.picking", transfer, "action_confirm", json!([])).await.result(), true);
    let waiting = one(&admin, "stock.picking", transfer, query).await;
    assert_eq!(waiting["state"], "confirmed");
    assert_eq!(
        (&waiting["move_ids"][0]["state"], waiting["move_ids"][0]["reserved_availability"].as_f64()),
        (&json!("partially_available"), Some(3.0))
    );
    assert_eq!(waiting["move_ids"][1]["state"], "confirmed");
    // Given up and taken again
    assert_eq!(admin.call("stock.picking", transfer, "do_unreserve", json!([])).await.result(), true);
    assert_eq!(Goods::of(&admin, ALGER, TV).await.reserved, 0.0);
    assert_eq!(admin.call("stock.picking", transfer, "action_assign", json!([])).await.result(), true);
    assert_eq!(Goods::of(&admin, ALGER, TV).await.reserved, 3.0);
    consistent(&stand).await;
    assert_eq!(admin.call("stock.picking", transfer, "button_validate", json!([])).await.result(), true);
    assert_eq!((Goods::of(&admin, ALGER, TV).await.quantity, Goods::of(&admin, BORDJ, TV).await.quantity), (0.0, 3.0));
    let rows = admin
        .rows(
            "stock.picking",
            &[("filter", &json!([["backorder_id", "=", transfer]]).to_string()), ("query", "{id, state, move_ids{product_uom_qty}}")],
        )
        .await;
    assert_eq!((rows.len(), &rows[0]["state"]), (1, &json!("confirmed")));
    let backorder = rows[0]["id"].as_i64().unwrap();
    refused(&admin.call("stock.picking", backorder, "button_validate", json!([])).await, 409, &["Nothing is reserved"]);
    // What comes is theirs at once; the client sets less than there is
    Goods::count(&admin, ALGER, TV, 10.0).await;
    assert_eq!(Goods::of(&admin, ALGER, TV).await.reserved, 2.0);
    let tv = admin
        .rows(
            "stock.move",
            &[("filter", &json!([["picking_id", "=", backorder], ["manufacturer_ref", "=", TV]]).to_string()), ("query", "{id}")],
        )
        .await;
    let tv = tv[0]["id"].as_i64().unwrap();
    refused(&admin.write("stock.move", json!([["id", "=", tv]]), json!({"quantity_done": 3})).await, 422, &["at most 2"]);
    assert_eq!(admin.write("stock.move", json!([["id", "=", tv]]), json!({"quantity_done": 1})).await.result(), true);
    assert_eq!(admin.call("stock.picking", backorder, "button_validate", json!([])).await.result(), true);
    let goods = Goods::of(&admin, ALGER, TV).await;
    assert_eq!((goods.quantity, goods.reserved), (9.0, 1.0));
    consistent(&stand).await;
    let last = admin.rows("stock.picking", &[("filter", &json!([["backorder_id", "=", backorder]]).to_string()), ("query", "{id}")]).await;
    let last = last[0]["id"].as_i64().unwrap();
    assert_eq!(admin.call("stock.picking", last, "action_cancel", json!([])).await.result(), true);
    assert_eq!(Goods::of(&admin, ALGER, TV).await.reserved, 0.0);
    refused(&admin.call("stock.picking", transfer, "action_cancel", json!([])).await, 409, &["done"]);
    consistent(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_needs_two_different_places_that_keep_goods() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let sent = |from: Value, to: Value, code: &str| json!({"picking_type_code": code, "location_id": from, "location_dest_id": to, "move_ids": [{"product_id": TV, "product_uom_qty": 1}]});
    refused(&admin.create("stock.picking", sent(json!(ALGER), json!(ALGER), "internal")).await, 422, &["differ"]);
    refused(&admin.create("stock.picking", sent(json!("EKIWH"), json!(4), "internal")).await, 422, &["differ"]);
    refused(&admin.create("stock.picking", sent(json!(ALGER), json!(1), "internal")).await, 422, &["keeps goods"]);
    refused(
        &admin.create("stock.picking", sent(json!("NOWHERE"), json!(null), "outgoing")).await,
        422,
        &["NOWHERE", "location_dest_id", "internal"],
    );
    let wrong = json!({"picking_type_code": "internal", "location_id": ALGER, "location_dest_id": BORDJ, "move_ids": [{"product_id": "NO-SUCH", "product_uom_qty": -1, "x": 1}]});
    refused(&admin.create("stock.picking", wrong).await, 422, &["NO-SUCH", "-1", "'x'"]);
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.stock_picking").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_of_sale_has_a_warehouse_from_its_event_on_and_it_follows_its_name_and_code() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let warehouse = async |code: &str| {
        let filter = json!([["code", "=", code]]).to_string();
        let rows = admin
            .rows("stock.warehouse", &[("filter", &filter), ("query", "{name, partner_id, lot_stock_id{complete_name, usage}}")])
            .await;
        rows.into_iter().next()
    };
    let central = warehouse("EKIWH").await.unwrap();
    assert_eq!((&central["name"], &central["lot_stock_id"]["complete_name"]), (&json!("Entrepôt central"), &json!("EKIWH/Stock")));
    let sent = json!({"is_pos": "True", "name": "POS One", "email": "one@pos.example", "code_pos": "POS-1"});
    let pos = id(&platform.create("res.partner", sent).await);
    until("the warehouse is there", async || warehouse("POS-1").await.is_some()).await;
    let made = warehouse("POS-1").await.unwrap();
    assert_eq!(
        (&made["name"], &made["partner_id"], &made["lot_stock_id"]["complete_name"]),
        (&json!("POS One"), &json!(pos), &json!("POS-1/Stock"))
    );
    let types = admin
        .rows("stock.picking.type", &[("filter", "[[\"warehouse_id.code\",\"=\",\"POS-1\"]]"), ("query", "{code, sequence_code}")])
        .await;
    assert_eq!(types.len(), 3);
    let change = json!({"name": "POS Two", "code_pos": "POS-2"});
    assert_eq!(platform.write("res.partner", json!([["id", "=", pos]]), change).await.result(), true);
    until("it is renamed", async || warehouse("POS-2").await.is_some()).await;
    let renamed = warehouse("POS-2").await.unwrap();
    assert_eq!((&renamed["name"], &renamed["lot_stock_id"]["complete_name"]), (&json!("POS Two"), &json!("POS-2/Stock")));
    assert!(warehouse("POS-1").await.is_none());
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.feed_parked").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_makes_the_warehouse_that_its_point_of_sale_has_not_yet() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    // Events reach stock when they like: here the document may well be first
    for n in 0..5_u32 {
        let code = format!("NEW-{n}");
        let pos = json!({"is_pos": true, "name": code, "email": format!("{code}@pos.example"), "code_pos": code});
        let pos = id(&platform.create("res.partner", pos).await);
        let named = if n.is_multiple_of(2) { json!(code) } else { json!(pos) };
        let sent = json!({"partner_id": named, "order_line": [{"product_id": TV, "product_qty": 1}]});
        let purchase = id(&platform.create("purchase.order", sent).await);
        assert_eq!(one(&admin, "purchase.order", purchase, "{warehouse_id{code}}").await["warehouse_id"]["code"], json!(code));
    }
    until("stock has heard of all", async || {
        stand.count("SELECT count(*) AS n FROM stock.feed_cursor c, partners.feed f WHERE c.feed = 'partners' AND c.pos = f.last_pos").await
            == 1
    })
    .await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.stock_warehouse WHERE code LIKE 'NEW-%'").await, 5);
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.feed_parked").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goods_refer_to_is_not_removed() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    Goods::count(&admin, ALGER, TV, 1.0).await;
    let tv = admin.rows("product.product", &[("filter", &json!([["manufacturer_ref", "=", TV]]).to_string()), ("query", "{id}")]).await;
    refused(&admin.unlink("product.product", tv[0]["id"].as_i64().unwrap()).await, 409, &["stock."]);
    let pos = admin.rows("res.partner", &[("filter", &json!([["code_pos", "=", ALGER]]).to_string()), ("query", "{id}")]).await;
    refused(&admin.unlink("res.partner", pos[0]["id"].as_i64().unwrap()).await, 409, &["stock.warehouse"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_refuses_what_can_not_be() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    Goods::count(&admin, ALGER, TV, 5.0).await;
    for (sql, constraint) in [
        ("UPDATE stock.stock_quant SET quantity = -1, reserved_quantity = -1", "is_not_negative"),
        ("UPDATE stock.stock_quant SET reserved_quantity = -1", "stock_quant_reserved_quantity_is_not_negative"),
        ("UPDATE stock.stock_quant SET reserved_quantity = 6", "stock_quant_no_more_is_reserved_than_is_there"),
        (
            "INSERT INTO stock.stock_quant (product_id, product_name, manufacturer_ref, location_id) SELECT product_id, 'x', 'x', location_id FROM stock.stock_quant",
            "stock_quant_product_at_location_key",
        ),
        ("UPDATE stock.stock_move SET reserved_availability = 1", "stock_move_only_an_open_one_reserves"),
        ("UPDATE stock.stock_move SET state = 'assigned', reserved_availability = 6", "stock_move_no_more_is_reserved_than_wanted"),
        ("UPDATE stock.stock_move_line SET qty_done = 9", "append-only"),
        ("DELETE FROM stock.stock_move_line", "append-only"),
        ("TRUNCATE stock.stock_move_line", "append-only"),
    ] {
        let error = diesel_async::SimpleAsyncConnection::batch_execute(&mut stand.sql().await, sql).await.unwrap_err().to_string();
        assert!(error.contains(constraint), "{sql}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_count_transfer_and_receive_and_none_is_answered_by_an_error_of_ours() {
    let stand = Stand::with(&[("DATABASE_WAIT_MS", "20000")]).await;
    let admin = stand.login("admin").await;
    for code in [ALGER, BORDJ] {
        for reference in [TV, CANAPE] {
            Goods::count(&admin, code, reference, 40.0).await;
        }
    }
    let work = (0..50).map(|n: usize| {
        let admin = &admin;
        async move {
            let (here, there) = if n.is_multiple_of(2) { (ALGER, BORDJ) } else { (BORDJ, ALGER) };
            let mut answers = Vec::new();
            match n % 3 {
                0 => {
                    let (first, second) = if n.is_multiple_of(4) { (TV, CANAPE) } else { (CANAPE, TV) };
                    let sent = json!({"picking_type_code": "internal", "location_id": here, "location_dest_id": there,
                        "move_ids": [{"product_id": first, "product_uom_qty": 3}, {"product_id": second, "product_uom_qty": 2}]});
                    let transfer = id(&admin.create("stock.picking", sent).await);
                    answers.push(admin.call("stock.picking", transfer, "action_confirm", json!([])).await);
                    answers.push(admin.call("stock.picking", transfer, "button_validate", json!([])).await);
                }
                1 => {
                    let reference = if n % 4 == 1 { TV } else { CANAPE };
                    let quant = json!({"product_id": reference, "location_id": here, "inventory_quantity": n});
                    let quant = id(&admin.create("stock.quant", quant).await);
                    answers.push(admin.call("stock.quant", quant, "action_apply_inventory", json!([])).await);
                }
                _ => {
                    let lines = json!([{"product_id": TV, "product_qty": n + 1}, {"product_id": CANAPE, "product_qty": 1}]);
                    let purchase = id(&admin.create("purchase.order", json!({"partner_id": here, "order_line": lines})).await);
                    answers.push(admin.call("purchase.order", purchase, "button_confirm", json!([])).await);
                    let receipt = open_receipt(admin, purchase).await["id"].as_i64().unwrap();
                    answers.push(admin.call("stock.picking", receipt, "button_validate", json!([])).await);
                    answers.push(admin.call("purchase.order", purchase, "button_cancel", json!([])).await);
                }
            }
            answers
        }
    });
    for answer in futures_util::future::join_all(work).await.into_iter().flatten() {
        assert!(answer.status < 500, "{} {}", answer.status, answer.text);
    }
    consistent(&stand).await;
}
