//! What stock takes from another Odoo: warehouses, one inventory, purchases, open transfers; quietly, until the cut-over.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use alone::{Alone, Neighbour};
use catalog_contract::{ByReference, Configuration};
use crm_contract::{Demand, DemandLine, DemandOf, SaleOrder, Settled};
use domain::{Identity, Progress};
use jsonrpc::import::{Batch, Became, How, Misfit, Outcome, Record};
use partners_contract::{PointOfSale, Points, PointsOfSale, ResPartner};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use stock::Stock;
use stock_contract::{ForOrders, Import, Reserve, Reserved, ServedLine, StockMove};

const TV: i64 = 11;

/// What crm knows of orders.
type Orders = Arc<Mutex<BTreeMap<i64, Demand>>>;

async fn stock(orders: &Orders) -> Alone<Stock> {
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

fn record(odoo_id: i64, values: Value) -> Record {
    Record { odoo_id, values: values.as_object().unwrap().clone(), ..Record::default() }
}

fn linked(field: &str, id: i64, mut record: Record) -> Record {
    record.links.insert(field.to_owned(), vec![id]);
    record
}

fn with(field: &str, parts: Vec<Record>, record: Record) -> Record {
    Record { parts: BTreeMap::from([(field.to_owned(), parts)]), ..record }
}

fn batch(model: &str, records: Vec<Record>) -> Import {
    let greatest = records.iter().map(|record| record.odoo_id).max().unwrap();
    Import(Batch { source: "old".to_owned(), model: model.to_owned(), greatest, dry: false, records })
}

async fn taken(alone: &Alone<Stock>, import: &Import) -> Vec<Became> {
    alone.asked("bridge", import).await.unwrap()
}

fn how(became: &[Became]) -> Vec<Result<(Option<i64>, How), Misfit>> {
    let of = |one: &Became| match &one.outcome {
        Outcome::Taken { record_id, how, .. } => Ok((*record_id, *how)),
        Outcome::Refused { misfit, .. } => Err(*misfit),
    };
    became.iter().map(of).collect()
}

fn is_taken(became: &[Became], expected: How) -> bool {
    how(became).iter().all(|one| matches!(one, Ok((_, how)) if *how == expected))
}

async fn call(alone: &Alone<Stock>, model: &str, method: &str, arguments: Value) -> Value {
    alone.call(&Identity::system(), model, method, arguments).await.unwrap()
}

async fn rows(alone: &Alone<Stock>, model: &str, filter: Value, query: &str) -> Vec<Value> {
    let asked = json!({"filter": filter, "query": query, "context": {"active_test": false}, "order": "id"});
    call(alone, model, "search_read", asked).await.get("result").and_then(Value::as_array).unwrap().clone()
}

/// That a condition in SQL holds.
async fn holds(alone: &Alone<Stock>, condition: &str) {
    alone.execute(&format!("DO $do$ BEGIN ASSERT ({condition}), $words${condition}$words$; END $do$")).await;
}

/// On hand is the sum of the ledger, and what is reserved is what the open moves have reserved, never more than is there.
async fn is_consistent(alone: &Alone<Stock>) {
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
async fn warehouses(alone: &Alone<Stock>) {
    let central = record(1, json!({"name": "Dar El Atath", "code": "EKIWH"}));
    let point = record(4, json!({"name": "PDV Alger", "code": "PDV16", "partner_id": 9}));
    let became = taken(alone, &batch("stock.warehouse", vec![central, point])).await;
    assert_eq!(how(&became), [Ok((Some(1), How::Merged)), Ok((Some(4), How::Made))], "{became:#?}");
}

fn quantity(odoo_id: i64, product: i64, warehouse: i64, quantity: &str) -> Record {
    let values =
        json!({"product_id": product, "product_name": "Téléviseur", "manufacturer_ref": format!("TV-{product}"), "quantity": quantity});
    linked("warehouse_id", warehouse, record(odoo_id, values))
}

fn of_returns(mut record: Record) -> Record {
    record.values.insert("place".to_owned(), "returns".into());
    record
}

#[tokio::test]
async fn a_warehouse_is_that_of_its_point_of_sale_or_code_and_has_what_every_warehouse_has() {
    let alone = stock(&Orders::default()).await;
    // Oran's is here already
    let oran = ResPartner {
        is_pos: true,
        code_pos: Some("PDV-ORAN".to_owned()),
        name: Some("Oran".to_owned()),
        active: true,
        status: Some("BLOCKED".to_owned()),
        bank_ids: Vec::new(),
    };
    alone.neighbour("partners").tells("created", 12, 2, &oran);
    assert_eq!(alone.hears("partners").await, 0);
    let here = rows(&alone, "stock.warehouse", json!([["partner_id", "=", 12]]), "{id}").await[0]["id"].as_i64().unwrap();
    let import = batch(
        "stock.warehouse",
        vec![
            record(1, json!({"name": "Dar El Atath", "code": "EKIWH"})),
            record(24, json!({"name": "PDV Alger Centre", "code": "PDV16", "partner_id": 9})),
            record(25, json!({"name": "PDV Oran", "code": "PDV31", "partner_id": 12})),
            record(26, json!({"name": "Dépôt", "code": "DEP"})),
            record(27, json!({"name": "Nobody's", "code": "X", "partner_id": 77})),
            record(28, json!({"name": "", "code": "Y", "colour": 1})),
        ],
    );
    let dry = Import(Batch { dry: true, ..import.0.clone() });
    let rehearsed = how(&taken(&alone, &dry).await);
    assert_eq!(rehearsed[1], Ok((None, How::Made)));
    assert_eq!(rehearsed[5], Err(Misfit::Value));
    holds(&alone, "(SELECT count(*) FROM stock_warehouse) = 2 AND NOT EXISTS (SELECT FROM odoo_binding)").await;
    let became = taken(&alone, &import).await;
    let expected = [
        Ok((Some(1), How::Merged)),
        Ok((Some(24), How::Made)),
        Ok((Some(here), How::Merged)),
        Ok((Some(26), How::Made)),
        Err(Misfit::Link),
        Err(Misfit::Value),
    ];
    assert_eq!(how(&became), expected, "{became:#?}");
    assert_eq!(how(&taken(&alone, &import).await)[1], Ok((Some(24), How::Same)));
    let made = rows(&alone, "stock.warehouse", json!([["id", "in", [24, 26]]]), "{code, name, partner_id, active, closed}").await;
    assert_eq!(made[0], json!({"code": "PDV-ALGER", "name": "Alger", "partner_id": 9, "active": true, "closed": false}));
    assert_eq!(made[1], json!({"code": "DEP", "name": "Dépôt", "partner_id": false, "active": true, "closed": false}));
    for warehouse in [24, 26] {
        holds(&alone, &format!("(SELECT count(*) FROM stock_location WHERE {warehouse} IN (warehouse_id, returns_of)) = 2")).await;
        holds(&alone, &format!("(SELECT count(*) FROM stock_picking_type WHERE warehouse_id = {warehouse}) = 3")).await;
    }
    // What is nobody's is still for the central one
    let line = json!([{"product_id": "TV-1", "product_qty": 1}]);
    let purchase = call(&alone, "purchase.order", "create", json!({"data": {"partner_id": "EKIWH", "order_line": line}})).await;
    let purchase = rows(&alone, "purchase.order", json!([["id", "=", purchase]]), "{warehouse_id}").await;
    assert_eq!(purchase[0]["warehouse_id"], json!(1));
}

#[tokio::test]
async fn one_inventory_sets_quantities_through_the_ledger_and_again_only_the_difference_moves() {
    let alone = stock(&Orders::default()).await;
    warehouses(&alone).await;
    let inventory = |tv: &str| {
        batch(
            "stock.quant",
            vec![
                quantity(101, TV, 4, tv),
                quantity(102, 12, 4, "-3"),
                of_returns(quantity(103, TV, 4, "2.5")),
                quantity(104, TV, 4, "1"),
                quantity(105, TV, 99, "1"),
                record(106, json!({"product_id": "TV", "place": "shelf", "colour": 1})),
            ],
        )
    };
    let dry = Import(Batch { dry: true, ..inventory("10").0 });
    let rehearsed = taken(&alone, &dry).await;
    assert_eq!(how(&rehearsed)[0], Ok((None, How::Made)));
    assert_eq!(how(&rehearsed)[3], Err(Misfit::Key));
    holds(&alone, "NOT EXISTS (SELECT FROM stock_quant) AND NOT EXISTS (SELECT FROM stock_move)").await;
    let became = taken(&alone, &inventory("10")).await;
    let refused = [Err(Misfit::Key), Err(Misfit::Link), Err(Misfit::Value)];
    assert!(is_taken(&became[..3], How::Made), "{became:#?}");
    assert_eq!(how(&became)[3..], refused, "{became:#?}");
    assert!(became[1].told.as_ref().unwrap().contains("-3") && became[0].told.is_none(), "{became:#?}");
    let Outcome::Refused { reason, .. } = &became[5].outcome else { panic!() };
    assert!(["product_id", "place", "colour", "quantity", "warehouse_id"].iter().all(|word| reason.contains(word)), "{reason}");
    let quants = rows(&alone, "stock.quant", json!([]), "{product_id, quantity, reserved_quantity, location_id{complete_name}}").await;
    let there: BTreeSet<(i64, String, String)> = quants
        .iter()
        .map(|row| {
            let place = row["location_id"]["complete_name"].as_str().unwrap().to_owned();
            (row["product_id"].as_i64().unwrap(), place, row["quantity"].to_string())
        })
        .collect();
    let at = |product, place: &str, quantity: &str| (product, place.to_owned(), quantity.to_owned());
    assert_eq!(
        there,
        BTreeSet::from([at(TV, "PDV-ALGER/Stock", "10.0"), at(12, "PDV-ALGER/Stock", "0.0"), at(TV, "PDV-ALGER/Retours", "2.5")])
    );
    is_consistent(&alone).await;
    for model in ["stock.quant", "stock.move"] {
        let told = alone.told(model).await;
        assert!(!told.is_empty() && told.iter().all(|event| event["cause"] == "import"), "{told:?}");
    }

    assert!(is_taken(&taken(&alone, &inventory("10")).await[..3], How::Same));
    holds(&alone, "(SELECT count(*) FROM stock_move_line) = 2").await;
    let became = taken(&alone, &inventory("7")).await;
    assert_eq!([how(&became)[0].unwrap().1, how(&became)[1].unwrap().1], [How::Changed, How::Same]);
    holds(&alone, "(SELECT array_agg(qty_done ORDER BY id) FROM stock_move_line WHERE product_id = 11) @> '{10,3}'").await;
    is_consistent(&alone).await;

    // What moves here since is nobody's to overwrite
    let quant = rows(&alone, "stock.quant", json!([["quantity", "=", 7]]), "{id}").await[0]["id"].clone();
    call(&alone, "stock.quant", "action_write_off", json!({"ids": [quant], "quantity": 1, "reason": "broken"})).await;
    assert_eq!(how(&taken(&alone, &inventory("8")).await)[0], Err(Misfit::Changed));
    assert_eq!(how(&taken(&alone, &inventory("7")).await)[0].unwrap().1, How::Same, "it says the same");
    holds(&alone, &format!("(SELECT quantity FROM stock_quant WHERE id = {quant}) = 6")).await;
    is_consistent(&alone).await;
}

#[tokio::test]
async fn goods_that_are_here_already_are_no_odoos_and_stay() {
    let alone = stock(&Orders::default()).await;
    warehouses(&alone).await;
    let counted = json!({"data": {"product_id": "TV-1", "location_id": "EKIWH", "inventory_quantity": 5}});
    let quant = call(&alone, "stock.quant", "create", counted).await;
    call(&alone, "stock.quant", "action_apply_inventory", json!({"ids": [quant]})).await;
    let one = quantity(101, TV, 1, "9");
    assert_eq!(how(&taken(&alone, &batch("stock.quant", vec![one.clone()])).await), [Err(Misfit::Key)]);
    let merged = batch("stock.quant", vec![Record { merge: true, ..one }]);
    assert_eq!(how(&taken(&alone, &merged).await), [Ok((quant.as_i64(), How::Merged))]);
    let mut of_another = batch("stock.quant", vec![quantity(5, 12, 1, "1")]);
    assert!(is_taken(&taken(&alone, &of_another).await, How::Made));
    of_another.0.source = "another".to_owned();
    assert_eq!(how(&taken(&alone, &of_another).await), [Err(Misfit::Link)], "another Odoo's warehouses are others");
    holds(&alone, "(SELECT array_agg(quantity ORDER BY id) FROM stock_quant) = '{5,1}'").await;
    is_consistent(&alone).await;
}

fn bought(odoo_id: i64, name: &str, state: &str, received: &str) -> Record {
    let values = json!({"name": name, "state": state, "date_order": "2026-03-01 10:00:00"});
    let line = json!({"product_id": TV, "name": "Téléviseur", "manufacturer_ref": "TV-1", "product_qty": "5", "qty_received": received,
        "price_unit": "60000.00"});
    linked("warehouse_id", 4, with("order_line", vec![record(odoo_id * 10, line)], record(odoo_id, values)))
}

fn moved(odoo_id: i64, quantity: &str, more: Value) -> Record {
    let mut values = json!({"product_id": TV, "name": "Téléviseur", "manufacturer_ref": "TV-1", "product_uom_qty": quantity});
    values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    record(odoo_id, values)
}

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

fn demand(id: i64, ek_state: Progress, version: i64, settled: [i64; 3]) -> Demand {
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

fn state(ek_state: Progress) -> SaleOrder {
    SaleOrder { ek_state: Some(ek_state), bank_id: Some(3) }
}

/// An order came, of which one was shipped and two were put aside there.
async fn ordered(alone: &Alone<Stock>, orders: &Orders, id: i64) {
    orders.lock().unwrap().insert(id, demand(id, Progress::InPreparation, 1, [1, 0, 2]));
    alone.neighbour("crm").brings(id, &state(Progress::InPreparation));
    assert_eq!(alone.hears("crm").await, 0);
}

/// What is still to be shipped of an order.
fn delivery(odoo_id: i64, order: i64) -> Record {
    let moves = vec![moved(odoo_id * 10, "4", json!({"sale_line_id": order * 10, "state": "assigned"}))];
    let values = json!({"name": format!("WH/OUT/{odoo_id:05}"), "state": "assigned", "kind": "outgoing", "origin": format!("S{order:05}"),
        "sale_id": order, "scheduled_date": "2026-03-09 08:00:00"});
    linked("warehouse_id", 1, with("move_ids", moves, record(odoo_id, values)))
}

/// Reserved, delivered, returned of an order's line.
async fn served(alone: &Alone<Stock>, order: i64) -> [i64; 3] {
    let answered = alone.asked("crm", &ForOrders { ids: BTreeSet::from([order]) }).await.unwrap();
    let ServedLine { line, reserved, delivered, returned, closed } = answered[0].lines[0];
    assert_eq!((line, closed, answered[0].lines.len()), (order * 10, Decimal::ZERO, 1));
    [reserved, delivered, returned].map(|quantity| quantity.to_string().parse().unwrap())
}

async fn changed(alone: &Alone<Stock>, orders: &Orders, id: i64, ek_state: Progress) {
    orders.lock().unwrap().insert(id, demand(id, ek_state, 4, [1, 0, 2]));
    alone.neighbour("crm").tells("updated", id, 4, &state(ek_state));
    assert_eq!(alone.hears("crm").await, 0);
}

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

#[tokio::test]
async fn nobody_but_the_bridge_brings_or_lets_go_and_a_batch_is_bounded() {
    let alone = stock(&Orders::default()).await;
    let one = batch("stock.quant", vec![quantity(1, TV, 1, "1")]);
    assert_eq!(alone.asked("crm", &one).await.unwrap_err().status, 403);
    assert_eq!(alone.asked("sync", &Reserve::default()).await.unwrap_err().status, 403);
    for change in [
        |batch: &mut Batch| batch.model = "stock.move".to_owned(),
        |batch: &mut Batch| batch.source = String::new(),
        |batch: &mut Batch| batch.records[0].odoo_id = 1 << 40,
        |batch: &mut Batch| batch.records = vec![batch.records[0].clone(); 2],
    ] {
        let mut import = one.clone();
        change(&mut import.0);
        assert_eq!(alone.asked("bridge", &import).await.unwrap_err().status, 422, "{import:?}");
    }
    assert!(alone.told(<StockMove as jsonrpc::Published>::MODEL).await.is_empty());
}
