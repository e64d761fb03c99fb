//! Orders, from when they come until the cut-over, and after it.

use std::collections::BTreeSet;

use domain::Progress;
use jsonrpc::import::{How, Misfit};
use serde_json::json;
use stock_contract::{Reserve, Reserved};

use crate::given::{
    Orders, TV, batch, call, changed, delivery, demand, holds, how, is_consistent, is_taken, moved, ordered, quantity, rows, served, state,
    stock, taken, warehouses,
};

#[tokio::test]
async fn an_order_keeps_what_was_settled_until_the_cut_over_reserves_for_its_open_transfer() {
    let orders = Orders::default();
    let alone = stock(&orders).await;
    warehouses(&alone).await;
    ordered(&alone, &orders, 7).await;
    assert_eq!(served(&alone, 7).await, [2, 1, 0]);
    holds(&alone, "NOT EXISTS (SELECT FROM stock_picking)").await;
    taken(&alone, &batch("stock.quant", vec![quantity(101, TV, 1, "10")])).await;
    let transfers = batch("stock.picking", vec![delivery(42, 7), delivery(43, 8)]);
    let became = taken(&alone, &transfers).await;
    assert_eq!(how(&became), [Ok((Some(42), How::Made)), Err(Misfit::Link)], "{became:#?}");
    let read =
        rows(&alone, "stock.picking", json!([]), "{id, name, state, bank_id, partner_id, sale_id, move_ids{reserved_availability}}").await;
    assert_eq!(
        read,
        [json!({"id": 42, "name": "WH/OUT/00042", "state": "confirmed", "bank_id": 3, "partner_id": 5, "sale_id": 7,
            "move_ids": [{"reserved_availability": 0.0}]})]
    );
    assert_eq!(served(&alone, 7).await, [2, 1, 0]);

    // From the start again: nothing moves. Nor does it when goods become free.
    alone.execute("UPDATE feed_cursor SET pos = 0; DELETE FROM order_demand").await;
    assert_eq!(alone.hears("crm").await, 0);
    taken(&alone, &batch("stock.quant", vec![quantity(101, TV, 1, "11")])).await;
    let counted = json!({"data": {"product_id": "TV-1", "location_id": "EKIWH", "inventory_quantity": 12}});
    let quant = call(&alone, "stock.quant", "create", counted).await;
    call(&alone, "stock.quant", "action_apply_inventory", json!({"ids": [quant]})).await;
    assert_eq!(served(&alone, 7).await, [2, 1, 0]);
    holds(&alone, "(SELECT sum(reserved_availability) FROM stock_move) = 0").await;
    assert!(is_taken(&taken(&alone, &transfers).await[..1], How::Same));

    let reserved = alone.asked("bridge", &Reserve { orders: None }).await.unwrap();
    assert_eq!(reserved, Reserved { moves: 1, short: 0, left: false });
    assert_eq!(served(&alone, 7).await, [4, 1, 0], "what is put aside here is in the place of what was there");
    assert_eq!(alone.asked("bridge", &Reserve { orders: None }).await.unwrap(), Reserved::default());
    alone.execute("UPDATE feed_cursor SET pos = 0; DELETE FROM order_demand").await;
    assert_eq!(alone.hears("crm").await, 0);
    assert_eq!(served(&alone, 7).await, [4, 1, 0]);
    is_consistent(&alone).await;

    changed(&alone, &orders, 7, Progress::Delivered).await;
    assert_eq!(served(&alone, 7).await, [0, 5, 0]);
    assert_eq!(rows(&alone, "stock.picking", json!([]), "{state}").await, [json!({"state": "done"})]);
    alone.execute("UPDATE feed_cursor SET pos = 0; DELETE FROM order_demand").await;
    assert_eq!(alone.hears("crm").await, 0);
    assert_eq!(served(&alone, 7).await, [0, 5, 0]);
    is_consistent(&alone).await;
}

#[tokio::test]
async fn an_order_that_is_delivered_or_cancelled_here_acts_on_its_transfer_as_on_its_own() {
    let orders = Orders::default();
    let alone = stock(&orders).await;
    warehouses(&alone).await;
    taken(&alone, &batch("stock.quant", vec![quantity(101, TV, 1, "4")])).await;
    ordered(&alone, &orders, 7).await;
    ordered(&alone, &orders, 8).await;
    taken(&alone, &batch("stock.picking", vec![delivery(42, 7), delivery(43, 8)])).await;
    changed(&alone, &orders, 7, Progress::Cancelled).await;
    assert_eq!(served(&alone, 7).await, [0, 1, 0]);
    assert_eq!(served(&alone, 8).await, [2, 1, 0], "the other one waits for the cut-over");
    changed(&alone, &orders, 8, Progress::Delivered).await;
    assert_eq!(served(&alone, 8).await, [0, 5, 0]);
    let read = rows(&alone, "stock.picking", json!([]), "{state}").await;
    assert_eq!(read, [json!({"state": "cancel"}), json!({"state": "done"})]);
    is_consistent(&alone).await;
}

#[tokio::test]
async fn what_an_order_does_here_right_after_it_came_is_not_taken_for_its_coming() {
    let orders = Orders::default();
    let alone = stock(&orders).await;
    warehouses(&alone).await;
    taken(&alone, &batch("stock.quant", vec![quantity(101, TV, 1, "4")])).await;
    // When stock hears that it came, crm already knows more
    orders.lock().unwrap().insert(7, demand(7, Progress::Delivered, 4, [1, 0, 2]));
    alone.neighbour("crm").brings(7, &state(Progress::InPreparation));
    assert_eq!(alone.hears("crm").await, 0);
    taken(&alone, &batch("stock.picking", vec![delivery(42, 7)])).await;
    assert_eq!(served(&alone, 7).await, [2, 1, 0]);
    changed(&alone, &orders, 7, Progress::Delivered).await;
    assert_eq!(served(&alone, 7).await, [0, 5, 0]);
    is_consistent(&alone).await;
}

#[tokio::test]
async fn a_cut_over_goes_on_until_nothing_is_left() {
    let orders = Orders::default();
    let alone = stock(&orders).await;
    warehouses(&alone).await;
    ordered(&alone, &orders, 7).await;
    let products = 1_001..=1_101;
    taken(&alone, &batch("stock.quant", products.clone().map(|product| quantity(product, product, 1, "4")).collect())).await;
    let mut transfer = delivery(42, 7);
    transfer.parts.insert(
        "move_ids".to_owned(),
        products.map(|product| moved(product, "4", json!({"product_id": product, "manufacturer_ref": format!("TV-{product}")}))).collect(),
    );
    taken(&alone, &batch("stock.picking", vec![transfer])).await;
    let part = alone.asked("bridge", &Reserve { orders: None }).await.unwrap();
    assert_eq!(part, Reserved { moves: 100, short: 0, left: true });
    let rest = alone.asked("bridge", &Reserve { orders: None }).await.unwrap();
    assert_eq!(rest, Reserved { moves: 1, short: 0, left: false });
    assert_eq!(rows(&alone, "stock.picking", json!([]), "{state}").await, [json!({"state": "assigned"})]);
    is_consistent(&alone).await;
}

#[tokio::test]
async fn the_oldest_are_reserved_for_first_and_only_those_that_are_asked_for() {
    let orders = Orders::default();
    let alone = stock(&orders).await;
    warehouses(&alone).await;
    taken(&alone, &batch("stock.quant", vec![quantity(101, TV, 1, "6")])).await;
    for order in [7, 8, 9] {
        ordered(&alone, &orders, order).await;
    }
    // Delivered there: it waits for nothing
    orders.lock().unwrap().insert(6, demand(6, Progress::Delivered, 1, [1, 0, 0]));
    alone.neighbour("crm").brings(6, &state(Progress::Delivered));
    assert_eq!(alone.hears("crm").await, 0);
    taken(&alone, &batch("stock.picking", vec![delivery(44, 9), delivery(43, 8), delivery(42, 7), delivery(41, 6)])).await;
    let one = alone.asked("bridge", &Reserve { orders: Some(BTreeSet::from([9])) }).await.unwrap();
    assert_eq!(one, Reserved { moves: 1, short: 0, left: false });
    assert_eq!([served(&alone, 9).await[0], served(&alone, 7).await[0]], [4, 2]);
    let rest = alone.asked("bridge", &Reserve { orders: None }).await.unwrap();
    assert_eq!(rest, Reserved { moves: 2, short: 2, left: false });
    let reserved = [served(&alone, 7).await[0], served(&alone, 8).await[0], served(&alone, 9).await[0], served(&alone, 6).await[0]];
    assert_eq!(reserved, [2, 0, 4, 0]);
    is_consistent(&alone).await;
    // One last inventory that finds less gives up the newest
    taken(&alone, &batch("stock.quant", vec![quantity(101, TV, 1, "3")])).await;
    is_consistent(&alone).await;
    assert_eq!([served(&alone, 7).await[0], served(&alone, 9).await[0]], [2, 1]);
}
