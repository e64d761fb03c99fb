//! What the tests are given: stock with its neighbours, and records of another Odoo.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use alone::{Alone, Neighbour};
use catalog_contract::{ByReference, Configuration};
use crm_contract::{Demand, DemandLine, DemandOf, SaleOrder, Settled};
use domain::{Identity, Progress};
use jsonrpc::import::{Batch, Became, How, Misfit, Outcome, Record};
use partners_contract::{PointOfSale, Points, PointsOfSale};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use stock::Stock;
use stock_contract::{ForOrders, Import, ServedLine};

pub(crate) const TV: i64 = 11;

/// What crm knows of orders.
pub(crate) type Orders = Arc<Mutex<BTreeMap<i64, Demand>>>;

pub(crate) async fn stock(orders: &Orders) -> Alone<Stock> {
    let known = orders.clone();
    let crm = Neighbour::default().answers(move |asked: DemandOf| {
        let known = known.lock().unwrap();
        asked.ids.iter().filter_map(|id| known.get(id).cloned()).collect::<Vec<Demand>>()
    });
    let partners = Neighbour::default().answers(|asked: PointsOfSale| {
        let point = |id, name: &str, closed| PointOfSale { id, name: name.to_owned(), active: true, closed, version: 2 };
        let all = [("PDV-ALGER", point(9, "Alger", false)), ("PDV-ORAN", point(12, "Oran", true))];
        let all = all.into_iter().filter(|(code, point)| asked.codes.contains(*code) || asked.ids.contains(&point.id));
        all.map(|(code, point)| (code.to_owned(), point)).collect::<Points>()
    });
    let catalog = Neighbour::default().answers(|_: ByReference| {
        vec![Configuration {
            id: TV,
            manufacturer_ref: "TV-1".to_owned(),
            name: "Téléviseur".to_owned(),
            selling_price: Decimal::from(80_000),
            active: true,
            tax: None,
        }]
    });
    Alone::new("stock", |_| Stock, vec![("catalog", catalog), ("partners", partners), ("crm", crm)]).await
}

pub(crate) fn record(odoo_id: i64, values: Value) -> Record {
    Record { odoo_id, values: values.as_object().unwrap().clone(), ..Record::default() }
}

pub(crate) fn linked(field: &str, id: i64, mut record: Record) -> Record {
    record.links.insert(field.to_owned(), vec![id]);
    record
}

pub(crate) fn with(field: &str, parts: Vec<Record>, record: Record) -> Record {
    Record { parts: BTreeMap::from([(field.to_owned(), parts)]), ..record }
}

pub(crate) fn batch(model: &str, records: Vec<Record>) -> Import {
    let greatest = records.iter().map(|record| record.odoo_id).max().unwrap();
    Import(Batch { source: "old".to_owned(), model: model.to_owned(), greatest, dry: false, verify: false, records })
}

pub(crate) async fn taken(alone: &Alone<Stock>, import: &Import) -> Vec<Became> {
    alone.asked("bridge", import).await.unwrap()
}

pub(crate) fn how(became: &[Became]) -> Vec<Result<(Option<i64>, How), Misfit>> {
    let of = |one: &Became| match &one.outcome {
        Outcome::Taken { record_id, how, .. } => Ok((*record_id, *how)),
        Outcome::Refused { misfit, .. } => Err(*misfit),
    };
    became.iter().map(of).collect()
}

pub(crate) fn is_taken(became: &[Became], expected: How) -> bool {
    how(became).iter().all(|one| matches!(one, Ok((_, how)) if *how == expected))
}

pub(crate) async fn call(alone: &Alone<Stock>, model: &str, method: &str, arguments: Value) -> Value {
    alone.call(&Identity::system(), model, method, arguments).await.unwrap()
}

pub(crate) async fn rows(alone: &Alone<Stock>, model: &str, filter: Value, query: &str) -> Vec<Value> {
    let asked = json!({"filter": filter, "query": query, "context": {"active_test": false}, "order": "id"});
    call(alone, model, "search_read", asked).await.get("result").and_then(Value::as_array).unwrap().clone()
}

/// That a condition in SQL holds.
pub(crate) async fn holds(alone: &Alone<Stock>, condition: &str) {
    alone.execute(&format!("DO $do$ BEGIN ASSERT ({condition}), $words${condition}$words$; END $do$")).await;
}

/// On hand is the sum of the ledger, and what is reserved is what the open moves have reserved, never more than is there.
pub(crate) async fn is_consistent(alone: &Alone<Stock>) {
    holds(
        alone,
        "NOT EXISTS (SELECT FROM stock_quant q WHERE q.quantity <> (SELECT coalesce(sum(CASE WHEN l.location_dest_id = q.location_id \
         THEN l.qty_done ELSE -l.qty_done END), 0) FROM stock_move_line l WHERE l.product_id = q.product_id \
         AND q.location_id IN (l.location_id, l.location_dest_id)))",
    )
    .await;
    holds(
        alone,
        "NOT EXISTS (SELECT FROM stock_quant q WHERE NOT q.reserved_quantity BETWEEN 0 AND q.quantity OR q.reserved_quantity <> \
         (SELECT coalesce(sum(m.reserved_availability), 0) FROM stock_move m WHERE m.product_id = q.product_id \
         AND m.location_id = q.location_id AND m.deleted_at IS NULL))",
    )
    .await;
}

/// The company's own warehouse, known there by 1, and the one of the point of sale 9, known by 4.
pub(crate) async fn warehouses(alone: &Alone<Stock>) {
    let central = record(1, json!({"name": "Dar El Atath", "code": "EKIWH"}));
    let point = record(4, json!({"name": "PDV Alger", "code": "PDV16", "partner_id": 9}));
    let became = taken(alone, &batch("stock.warehouse", vec![central, point])).await;
    assert_eq!(how(&became), [Ok((Some(1), How::Merged)), Ok((Some(4), How::Made))], "{became:#?}");
}

pub(crate) fn quantity(odoo_id: i64, product: i64, warehouse: i64, quantity: &str) -> Record {
    let values =
        json!({"product_id": product, "product_name": "Téléviseur", "manufacturer_ref": format!("TV-{product}"), "quantity": quantity});
    linked("warehouse_id", warehouse, record(odoo_id, values))
}

pub(crate) fn of_returns(mut record: Record) -> Record {
    record.values.insert("place".to_owned(), "returns".into());
    record
}

pub(crate) fn bought(odoo_id: i64, name: &str, state: &str, received: &str) -> Record {
    let values = json!({"name": name, "state": state, "date_order": "2026-03-01 10:00:00"});
    let line = json!({"product_id": TV, "name": "Téléviseur", "manufacturer_ref": "TV-1", "product_qty": "5", "qty_received": received,
        "price_unit": "60000.00"});
    linked("warehouse_id", 4, with("order_line", vec![record(odoo_id * 10, line)], record(odoo_id, values)))
}

pub(crate) fn moved(odoo_id: i64, quantity: &str, more: Value) -> Record {
    let mut values = json!({"product_id": TV, "name": "Téléviseur", "manufacturer_ref": "TV-1", "product_uom_qty": quantity});
    values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    record(odoo_id, values)
}

pub(crate) fn demand(id: i64, ek_state: Progress, version: i64, settled: [i64; 3]) -> Demand {
    let [delivered, returned, reserved] = settled.map(Decimal::from);
    Demand {
        id,
        name: format!("S{id:05}"),
        version,
        ek_state,
        bank_id: Some(3),
        partner_id: Some(5),
        lines: vec![DemandLine {
            id: id * 10,
            product_id: TV,
            name: "Téléviseur".to_owned(),
            manufacturer_ref: "TV-1".to_owned(),
            quantity: Decimal::from(5),
            price_unit: Decimal::from(80_000),
            pos_id: None,
            code_pos: None,
            settled: Some(Settled { delivered, returned, reserved }),
        }],
    }
}

pub(crate) fn state(ek_state: Progress) -> SaleOrder {
    SaleOrder { ek_state: Some(ek_state), bank_id: Some(3) }
}

/// An order came, of which one was shipped and two were put aside there.
pub(crate) async fn ordered(alone: &Alone<Stock>, orders: &Orders, id: i64) {
    orders.lock().unwrap().insert(id, demand(id, Progress::InPreparation, 1, [1, 0, 2]));
    alone.neighbour("crm").brings(id, &state(Progress::InPreparation));
    assert_eq!(alone.hears("crm").await, 0);
}

/// What is still to be shipped of an order.
pub(crate) fn delivery(odoo_id: i64, order: i64) -> Record {
    let moves = vec![moved(odoo_id * 10, "4", json!({"sale_line_id": order * 10, "state": "assigned"}))];
    let values = json!({"name": format!("WH/OUT/{odoo_id:05}"), "state": "assigned", "kind": "outgoing", "origin": format!("S{order:05}"),
        "sale_id": order, "scheduled_date": "2026-03-09 08:00:00"});
    linked("warehouse_id", 1, with("move_ids", moves, record(odoo_id, values)))
}

/// Reserved, delivered, returned of an order's line.
pub(crate) async fn served(alone: &Alone<Stock>, order: i64) -> [i64; 3] {
    let mut answered = alone.asked("crm", &ForOrders { ids: BTreeSet::from([order]) }).await.unwrap();
    let mut lines = answered.pop().unwrap().lines;
    let ServedLine { line, reserved, delivered, returned, closed } = lines.pop().unwrap();
    assert_eq!((line, closed, lines.len(), answered.len()), (order * 10, Decimal::ZERO, 0, 0));
    [reserved, delivered, returned].map(|quantity| quantity.to_string().parse().unwrap())
}

pub(crate) async fn changed(alone: &Alone<Stock>, orders: &Orders, id: i64, ek_state: Progress) {
    orders.lock().unwrap().insert(id, demand(id, ek_state, 4, [1, 0, 2]));
    alone.neighbour("crm").tells("updated", id, 4, &state(ek_state));
    assert_eq!(alone.hears("crm").await, 0);
}
