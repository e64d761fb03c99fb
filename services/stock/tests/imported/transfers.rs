//! Purchases and open transfers.

use domain::{Identity, Progress};
use jsonrpc::import::{Batch, How, Misfit, Outcome, Record};
use serde_json::json;
use stock_contract::Import;

use crate::given::{
    Orders, batch, bought, call, delivery, demand, holds, how, is_consistent, is_taken, linked, moved, ordered, record, rows, served,
    state, stock, taken, warehouses, with,
};

#[tokio::test]
async fn a_purchase_comes_with_what_was_received_and_its_open_receipt_brings_the_rest() {
    let alone = stock(&Orders::default()).await;
    warehouses(&alone).await;
    let purchases = batch(
        "purchase.order",
        vec![bought(13, "P00013", "purchase", "3"), bought(14, "P00417", "draft", "0"), bought(15, "P00013", "draft", "0")],
    );
    let became = taken(&alone, &purchases).await;
    assert_eq!(how(&became), [Ok((Some(13), How::Made)), Ok((Some(14), How::Made)), Err(Misfit::Key)], "{became:#?}");
    assert!(is_taken(&taken(&alone, &purchases).await[..2], How::Same));
    let query = "{name, state, partner_id, date_order, receipt_status, order_line{id, qty_received, price_unit}, amount_total}";
    let read = rows(&alone, "purchase.order", json!([["id", "=", 13]]), query).await;
    assert_eq!((&read[0]["name"], &read[0]["partner_id"], &read[0]["receipt_status"]), (&json!("P00013"), &json!(9), &json!("partial")));
    assert_eq!(read[0]["order_line"][0], json!({"id": 130, "qty_received": 3.0, "price_unit": 60_000.0}), "{read:?}");

    let rest = linked("purchase_line_id", 130, moved(60, "2", json!({})));
    let values = json!({"name": "PDV16/IN/00731", "state": "assigned", "kind": "incoming", "origin": "P00013",
        "scheduled_date": "2026-03-09 08:00:00"});
    let receipt = linked("warehouse_id", 4, linked("purchase_id", 13, with("move_ids", vec![rest], record(30, values))));
    let receipts = batch("stock.picking", vec![receipt]);
    let became = taken(&alone, &receipts).await;
    assert_eq!(how(&became), [Ok((Some(30), How::Made))], "{became:#?}");
    assert!(is_taken(&taken(&alone, &receipts).await, How::Same));
    let read = rows(&alone, "stock.picking", json!([["id", "=", 30]]), "{name, state, scheduled_date, picking_type_code}").await;
    assert_eq!((&read[0]["name"], &read[0]["state"]), (&json!("PDV16/IN/00731"), &json!("assigned")));
    assert!(read[0]["scheduled_date"].as_str().unwrap().starts_with("2026-03-09"), "{read:?}");
    let refused = alone.call(&Identity::system(), "purchase.order", "button_cancel", json!({"ids": [13]})).await.unwrap_err();
    assert_eq!(refused.status, 409, "{refused}");
    call(&alone, "stock.picking", "button_validate", json!({"ids": [30]})).await;
    let read = rows(&alone, "purchase.order", json!([["id", "=", 13]]), "{receipt_status, order_line{qty_received}}").await;
    assert_eq!((&read[0]["receipt_status"], &read[0]["order_line"][0]["qty_received"]), (&json!("full"), &json!(5.0)));

    // Names go on beyond the greatest that came
    call(&alone, "purchase.order", "button_confirm", json!({"ids": [14]})).await;
    let made = rows(&alone, "stock.picking", json!([["purchase_id", "=", 14]]), "{id, name}").await;
    assert_eq!(made[0]["name"], json!("PDV-ALGER/IN/00732"));
    let data = json!({"partner_id": "PDV-ALGER", "order_line": [{"product_id": "TV-1", "product_qty": 1}]});
    let next = call(&alone, "purchase.order", "create", json!({"data": data})).await;
    assert_eq!(rows(&alone, "purchase.order", json!([["id", "=", next]]), "{name}").await[0]["name"], json!("P00418"));
    is_consistent(&alone).await;
}

#[tokio::test]
async fn a_transfer_that_is_open_there_no_more_goes_and_its_order_says_what_became_of_it() {
    let orders = Orders::default();
    let alone = stock(&orders).await;
    warehouses(&alone).await;
    ordered(&alone, &orders, 7).await;
    taken(&alone, &batch("stock.picking", vec![delivery(42, 7)])).await;
    orders.lock().unwrap().insert(7, demand(7, Progress::InDelivery, 2, [3, 0, 2]));
    alone.neighbour("crm").brings_again(7, 2, &state(Progress::InDelivery));
    assert_eq!(alone.hears("crm").await, 0);
    let mut ended = delivery(42, 7);
    ended.values.insert("state".to_owned(), "done".into());
    // What is left of it there is another one, with the same move
    let mut rest = delivery(50, 7);
    rest.parts = ended.parts.clone();
    let both = batch("stock.picking", vec![ended, rest]);
    let became = taken(&alone, &both).await;
    assert_eq!(how(&became), [Ok((Some(42), How::Changed)), Ok((Some(50), How::Made))], "{became:#?}");
    assert!(is_taken(&taken(&alone, &both).await, How::Same));
    let unknown = batch("stock.picking", vec![record(99, json!({"state": "cancel"}))]);
    assert_eq!(how(&taken(&alone, &unknown).await), [Err(Misfit::Value)]);
    assert_eq!(rows(&alone, "stock.picking", json!([]), "{id}").await, [json!({"id": 50})]);
    assert_eq!(served(&alone, 7).await, [2, 3, 0]);
    let told = alone.told("stock.move").await;
    assert!(told.iter().all(|event| event["cause"] == "import"), "{told:?}");
}

#[tokio::test]
async fn an_open_return_comes_to_the_returns_and_counts_as_one() {
    let orders = Orders::default();
    let alone = stock(&orders).await;
    warehouses(&alone).await;
    orders.lock().unwrap().insert(7, demand(7, Progress::Delivered, 1, [5, 1, 0]));
    alone.neighbour("crm").brings(7, &state(Progress::Delivered));
    assert_eq!(alone.hears("crm").await, 0);
    let mut back = delivery(67, 7);
    back.values.insert("kind".to_owned(), "incoming".into());
    back.values.insert("name".to_owned(), "WH/RET/00003".into());
    assert!(is_taken(&taken(&alone, &batch("stock.picking", vec![back])).await, How::Made));
    holds(&alone, "NOT EXISTS (SELECT FROM stock_move WHERE held)").await;
    assert_eq!(rows(&alone, "stock.move", json!([]), "{short}").await, [json!({"short": 0.0})]);
    call(&alone, "stock.picking", "button_validate", json!({"ids": [67]})).await;
    assert_eq!(served(&alone, 7).await, [0, 5, 5]);
    let read = rows(&alone, "stock.quant", json!([["quantity", ">", 0]]), "{quantity, location_id{complete_name}}").await;
    assert_eq!(read, [json!({"quantity": 4.0, "location_id": {"complete_name": "EKIWH/Retours"}})]);
    is_consistent(&alone).await;
}

#[tokio::test]
async fn what_of_a_transfer_does_not_fit_is_told_with_its_reason() {
    let orders = Orders::default();
    let alone = stock(&orders).await;
    warehouses(&alone).await;
    ordered(&alone, &orders, 7).await;
    let change = |id: i64, change: fn(&mut Record)| {
        let mut record = delivery(id, 7);
        change(&mut record);
        record
    };
    let internal = |id: i64, dest: i64| {
        let record = change(id, |record| {
            record.values.insert("kind".to_owned(), "internal".into());
            record.values.remove("sale_id");
            record.parts.get_mut("move_ids").unwrap()[0].values.remove("sale_line_id");
        });
        linked("warehouse_dest_id", dest, record)
    };
    let import = batch(
        "stock.picking",
        vec![
            internal(51, 4),
            internal(52, 1),
            internal(53, 99),
            change(54, |record| drop(record.values.insert("kind".to_owned(), "dropship".into()))),
            change(55, |record| record.parts.clear()),
            change(56, |record| {
                record.parts.get_mut("move_ids").unwrap()[0].values.insert("sale_line_id".to_owned(), 80.into());
            }),
            change(57, |record| drop(record.parts.get_mut("move_ids").unwrap()[0].values.insert("product_uom_qty".to_owned(), 0.into()))),
            change(58, |record| drop(record.values.insert("bank_id".to_owned(), 1.into()))),
        ],
    );
    let became = taken(&alone, &import).await;
    let mut expected = vec![Ok((Some(51), How::Made)), Err(Misfit::Value), Err(Misfit::Link)];
    expected.extend([Err(Misfit::Value); 5]);
    assert_eq!(how(&became), expected, "{became:#?}");
    let words = ["dropship", "open move", "sale_line_id", "product_uom_qty", "bank_id"];
    for (one, word) in became[3..].iter().zip(words) {
        assert!(matches!(&one.outcome, Outcome::Refused { reason, .. } if reason.contains(word)), "{word}: {one:?}");
    }
    let dry = Import(Batch { dry: true, ..import.0 });
    // Its order's lines a rehearsal does not know
    expected[5] = Ok((None, How::Made));
    assert_eq!(how(&taken(&alone, &dry).await)[3..], expected[3..]);
    holds(&alone, "(SELECT count(*) FROM stock_picking) = 1 AND (SELECT held FROM stock_move)").await;
}
