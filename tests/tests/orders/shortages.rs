//! What is short: where, since when, for whom, and what is expected.

use serde_json::{Value, json};
use system_tests::stock::{ALGER, BORDJ, CANAPE, Goods, TV, settled};
use system_tests::{Session, Stand, id};

use crate::order_lists::order;

async fn short(session: &Session<'_>) -> Vec<Value> {
    let query = "{manufacturer_ref, short, product_uom_qty, reserved_availability, sale_id, partner_id{email}, warehouse_id{code}, \
        location_id{complete_name}, expected_date, expected_quantity}";
    session.rows("stock.move", &[("filter", r#"[["short",">",0]]"#), ("order", "short desc"), ("query", query)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_list_tells_what_is_short_where_for_whom_and_what_is_expected() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, BORDJ, TV, 2.0).await;
    let (enough, _) = order(&platform, "Alsalam", 601, BORDJ, &[(TV, 1)]).await;
    let (lacks, _) = order(&platform, "Alsalam", 602, BORDJ, &[(TV, 4)]).await;
    let (elsewhere, _) = order(&platform, "BNA", 603, ALGER, &[(CANAPE, 9)]).await;
    settled(&stand).await;
    // What is on its way to another place, or is cancelled, is not expected here
    let line = json!({"product_id": TV, "product_qty": 6});
    let purchase = id(&admin.create("purchase.order", json!({"partner_id": BORDJ, "order_line": [line]})).await);
    admin.call("purchase.order", purchase, "button_confirm", json!([])).await.result();
    let line = json!({"product_id": TV, "product_qty": 50});
    let away = id(&admin.create("purchase.order", json!({"partner_id": ALGER, "order_line": [line]})).await);
    admin.call("purchase.order", away, "button_confirm", json!([])).await.result();
    let receipt = json!([["purchase_id", "=", purchase]]);
    admin.write("stock.picking", receipt, json!({"scheduled_date": "2027-01-05 10:00:00"})).await.result();

    let row = |reference: &str, short: f64, reserved: f64, sale: i64, code: &str, date: Value, expected: f64| {
        json!({"manufacturer_ref": reference, "short": short, "product_uom_qty": short + reserved, "reserved_availability": reserved,
            "sale_id": sale, "partner_id": {"email": "yasmine.cherif@example.dz"}, "warehouse_id": {"code": code},
            "location_id": {"complete_name": format!("{code}/Stock")}, "expected_date": date, "expected_quantity": expected})
    };
    let theirs = row(CANAPE, 9.0, 0.0, elsewhere, ALGER, json!(false), 0.0);
    let ours = row(TV, 3.0, 1.0, lacks, BORDJ, json!("2027-01-05-10-00"), 6.0);
    assert_eq!(short(&admin).await, [theirs.clone(), ours.clone()]);
    // A bank's user reads of its own orders alone, and no move of another in what it may filter by
    let alsalam = stand.login("alsalam").await;
    assert_eq!(short(&alsalam).await, [ours]);
    assert_eq!(short(&stand.login("bna").await).await, [theirs]);
    let sums = alsalam.rows("stock.move", &[("sum", "short"), ("filter", r#"[["short",">",0]]"#)]).await;
    assert_eq!(sums, [json!({"count": 1, "short": 3.0})]);
    // The order says the same, and so does what is filtered by it
    let orders = [("filter", r#"[["short",">",0]]"#), ("order", "short"), ("query", "{id, short, reserved}")];
    assert_eq!(
        admin.rows("sale.order", &orders).await,
        [json!({"id": lacks, "short": 3.0, "reserved": 1.0}), json!({"id": elsewhere, "short": 9.0, "reserved": 0.0})]
    );
    // What came is short no more
    Goods::receive(&admin, BORDJ, TV, 3.0).await;
    settled(&stand).await;
    assert_eq!(short(&alsalam).await, Vec::<Value>::new());
    let all = [("order", "id"), ("query", "{id, short, reserved}"), ("filter", r#"[["bank_id.name","=","Alsalam"]]"#)];
    assert_eq!(
        admin.rows("sale.order", &all).await,
        [json!({"id": enough, "short": 0.0, "reserved": 1.0}), json!({"id": lacks, "short": 0.0, "reserved": 4.0})]
    );
    let versions = "SELECT count(*) AS n FROM crm.sale_order WHERE version <> 1";
    assert_eq!(stand.count(versions).await, 0, "what is reserved is no change of the order");
}
