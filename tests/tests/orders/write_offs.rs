//! Goods that are written off, and the ledger that tells of it.

use serde_json::json;
use system_tests::stock::{ALGER, BORDJ, Goods, TV, consistent, one};
use system_tests::{Stand, id, refused};

#[tokio::test(flavor = "multi_thread")]
async fn goods_are_written_off_from_what_is_free_with_a_reason_in_the_ledger() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    Goods::count(&admin, ALGER, TV, 5.0).await;
    let filter = json!([["manufacturer_ref", "=", TV], ["location_id.complete_name", "=", format!("{ALGER}/Stock")]]).to_string();
    let quant = admin.rows("stock.quant", &[("filter", &filter), ("query", "{id, product_id, location_id}")]).await.remove(0);
    let of = quant["id"].as_i64().unwrap();
    // Three of the five are for a transfer
    let sent = json!({"picking_type_code": "internal", "location_id": ALGER, "location_dest_id": BORDJ,
        "move_ids": [{"product_id": TV, "product_uom_qty": 3}]});
    let transfer = id(&admin.create("stock.picking", sent).await);
    admin.call("stock.picking", transfer, "action_confirm", json!([])).await.result();
    refused(
        &admin.call("stock.quant", of, "action_write_off", json!([3, "Écran cassé"])).await,
        422,
        &["Only 2 of", ALGER, "3 more are reserved"],
    );
    for (arguments, word) in [
        (json!([0, "x"]), "above 0"),
        (json!([-1, "x"]), "above 0"),
        (json!([1, " "]), "`reason` is required"),
        (json!([1]), "`reason` is required"),
        (json!([1, "x".repeat(201)]), "1 to 200 characters"),
        (json!(["many", "x"]), "quantity"),
    ] {
        refused(&admin.call("stock.quant", of, "action_write_off", arguments).await, 422, &[word]);
    }
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.stock_move_line WHERE origin LIKE 'Write-off%'").await, 0);
    assert_eq!(admin.call("stock.quant", of, "action_write_off", json!([2, " Écran cassé "])).await.result(), true);
    let goods = Goods::of(&admin, ALGER, TV).await;
    assert_eq!((goods.quantity, goods.reserved), (3.0, 3.0));
    consistent(&stand).await;
    // The ledger of the product at the place, whichever end of a move it is; oldest first here
    let place = quant["location_id"].as_i64().unwrap();
    let ledger = json!([["product_id", "=", quant["product_id"]], "|", ["location_id", "=", place], ["location_dest_id", "=", place]]);
    let query = "{qty_done, origin, location_id{usage}, location_dest_id{usage}}";
    let rows = admin.rows("stock.move.line", &[("filter", &ledger.to_string()), ("order", "id"), ("query", query)]).await;
    let row = |quantity: f64, origin: &str, from: &str, to: &str| json!({"qty_done": quantity, "origin": origin, "location_id": {"usage": from}, "location_dest_id": {"usage": to}});
    assert_eq!(rows, [row(5.0, "Inventory", "inventory", "internal"), row(2.0, "Write-off: Écran cassé", "internal", "inventory")]);
    let audited = json!([["model", "=", "stock.quant"], ["res_id", "=", of], ["field", "=", "quantity"]]).to_string();
    let audited = admin.rows("ek.audit", &[("filter", &audited), ("order", "id desc"), ("query", "{user_id{login}, before, after}")]).await;
    let number = |name: &str| audited[0][name].as_str().unwrap().parse::<f64>().unwrap();
    assert_eq!((&audited[0]["user_id"]["login"], number("before"), number("after")), (&json!("admin"), 5.0, 3.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_reads_goods_writes_none_off() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    Goods::count(&admin, BORDJ, TV, 5.0).await;
    let clerk = json!({"name": "Clerk", "login": "clerk", "password": "a-long-password", "bank_id": "Alsalam", "role": "ROLE_POS_EK", "code_pos": BORDJ});
    id(&admin.create("res.users", clerk).await);
    let filter = json!([["manufacturer_ref", "=", TV], ["location_id.complete_name", "=", format!("{BORDJ}/Stock")]]).to_string();
    let quant = admin.rows("stock.quant", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap();
    for who in [stand.login_with("clerk", "a-long-password").await, stand.login("ekiclik").await, stand.login("alsalam").await] {
        assert_eq!(one(&who, "stock.quant", quant, "{quantity}").await, json!({"quantity": 5.0}));
        refused(&who.call("stock.quant", quant, "action_write_off", json!([1, "x"])).await, 403, &[]);
    }
    assert_eq!(Goods::of(&admin, BORDJ, TV).await.quantity, 5.0);
}
