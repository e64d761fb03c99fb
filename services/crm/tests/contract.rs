//! Crm alone, with its neighbours played by their contracts: what it asks, what it answers, what it publishes.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::Path;

use alone::{Alone, Neighbour, reads_snapshot, settings, snapshot};
use catalog_contract::{ByReference, Configuration};
use crm::{Crm, CrmConfig};
use crm_contract::{DeliveriesOf, DemandOf, Papers, PapersOf, SaleOrder, SaleOrderLine};
use domain::{Identity, Progress};
use jsonrpc::Published;
use partners_contract::{BankNamed, Client, ForLead, Named, Places};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use stock_contract::{ForOrders, Served, ServedLine, StockMove};

fn catalog() -> Neighbour {
    Neighbour::default().answers(|asked: ByReference| {
        let tv = |reference: String| Configuration {
            id: 11,
            manufacturer_ref: reference,
            name: "Téléviseur".to_owned(),
            selling_price: Decimal::from(80_000),
            active: true,
            tax: None,
        };
        asked.references.into_iter().filter(|reference| reference == "TV-1").map(tv).collect()
    })
}

fn partners() -> Neighbour {
    Neighbour::default().answers(|_: BankNamed| Ok(1)).answers(|asked: ForLead| Places { client: asked.client.map(|_| 5), ..alsalam() })
}

fn alsalam() -> Places {
    Places { bank: Some(Named { id: 1, name: "Alsalam".to_owned() }), ..Places::default() }
}

async fn crm(stock: Neighbour) -> Alone<Crm> {
    crm_with(partners(), stock).await
}

async fn crm_with(partners: Neighbour, stock: Neighbour) -> Alone<Crm> {
    let config = settings(CrmConfig::read, &[("LOAN_FILE_KEYS", "test:bG9hbi1maWxlLWtleS1mb3ItdGVzdHMtb25seS0zMmI=")]);
    let neighbours = vec![("catalog", catalog()), ("partners", partners), ("stock", stock)];
    Alone::new("crm", |_| Crm::new(&config).unwrap(), neighbours).await
}

fn lead(reference: &str) -> Value {
    let row = json!({"manufacturer_ref": reference, "quantity": 3, "product_warehouse_id": "EKIWH"});
    json!({"data": {"order_source": "Alsalam", "cart_id": 1, "partner": {"email": "amine@example.dz"}, "cart": [row]}})
}

#[tokio::test]
async fn a_lead_is_an_order_that_stock_is_told_of_and_tells_about() {
    let served = ServedLine { line: 1, reserved: Decimal::TWO, delivered: Decimal::ZERO, returned: Decimal::ZERO, closed: Decimal::ZERO };
    let stock = Neighbour::default()
        .answers(move |asked: ForOrders| asked.ids.into_iter().map(|order| Served { order, lines: vec![served.clone()] }).collect());
    let alone = crm(stock).await;
    alone.call(&Identity::system(), "crm.lead", "create", lead("TV-1")).await.unwrap();
    let demands = alone.asked("stock", &DemandOf { ids: BTreeSet::from([1]) }).await.unwrap();
    let [order] = demands.as_slice() else { panic!("{demands:?}") };
    assert_eq!((order.ek_state, order.partner_id, order.lines[0].quantity), (Progress::Created, Some(5), Decimal::from(3)));
    assert_eq!(alone.asked("partners", &PapersOf { partner: 5 }).await.unwrap(), Papers { open: 1, last: None });
    let deliveries = alone.asked("stock", &DeliveriesOf { orders: vec![1, 99], moments: vec![String::new(); 2] }).await.unwrap();
    assert_eq!(deliveries.len(), 2, "one for each that is asked for");

    // What moved elsewhere has had its effect there
    let before = alone.told(SaleOrderLine::MODEL).await.len();
    alone.neighbour("stock").brings(70, &StockMove { sale_id: Some(1) });
    assert_eq!((alone.hears("stock").await, alone.told(SaleOrderLine::MODEL).await.len()), (0, before));
    alone.neighbour("stock").tells("updated", 70, 2, &StockMove { sale_id: Some(1) });
    assert_eq!(alone.hears("stock").await, 0);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    snapshot(&folder.join("demand.json"), &serde_json::to_value(&demands).unwrap());
    snapshot(&folder.join("sale.order.json"), &alone.told(SaleOrder::MODEL).await.into());
    snapshot(&folder.join("sale.order.line.json"), &alone.told(SaleOrderLine::MODEL).await.into());
}

#[tokio::test]
async fn what_comes_back_of_a_delivered_order_is_credited_once() {
    let [three, one, none] = [Decimal::from(3), Decimal::ONE, Decimal::ZERO];
    let served = ServedLine { line: 1, reserved: none, delivered: three, returned: one, closed: none };
    let stock = Neighbour::default()
        .answers(move |asked: ForOrders| asked.ids.into_iter().map(|order| Served { order, lines: vec![served.clone()] }).collect());
    let alone = crm(stock).await;
    let system = Identity::system();
    alone.call(&system, "crm.lead", "create", lead("TV-1")).await.unwrap();
    for step in [Progress::InPreparation, Progress::InDelivery, Progress::Delivered] {
        let change = json!({"filter": [["id", "=", 1]], "data": {"state": step.as_str()}});
        alone.call(&system, "sale.order", "write", change).await.unwrap();
    }
    for version in [2, 3] {
        alone.neighbour("stock").tells("updated", 70, version, &StockMove { sale_id: Some(1) });
        assert_eq!(alone.hears("stock").await, 0);
    }
    let query = "{move_type, amount_untaxed, amount_total, reversed_entry_id, invoice_line_ids{sequence, quantity, price_total}}";
    let moves = alone.call(&system, "account.move", "search_read", json!({"query": query, "order": "id"})).await.unwrap();
    let told = |kind: &str, of: Value, [untaxed, total]: [f64; 2], quantity: f64| {
        json!({"move_type": kind, "amount_untaxed": untaxed, "amount_total": total, "reversed_entry_id": of,
            "invoice_line_ids": [{"sequence": 1, "quantity": quantity, "price_total": total}]})
    };
    let invoice = told("out_invoice", false.into(), [201_680.67, 240_000.0], 3.0);
    let note = told("out_refund", 1.into(), [67_226.89, 80_000.0], 1.0);
    assert_eq!(moves["result"], json!([invoice, note]), "{moves}");
}

#[tokio::test]
async fn partners_of_the_release_before_is_asked_for_the_client_by_itself() {
    let before = Neighbour::default().answers(|_: BankNamed| Ok(1)).answers(|_: ForLead| alsalam()).answers(|_: Client| 5);
    let alone = crm_with(before, Neighbour::default()).await;
    alone.call(&Identity::system(), "crm.lead", "create", lead("TV-1")).await.unwrap();
    let demands = alone.asked("stock", &DemandOf { ids: BTreeSet::from([1]) }).await.unwrap();
    assert_eq!(demands[0].partner_id, Some(5));
}

#[tokio::test]
async fn what_catalog_does_not_know_is_refused_and_stored_nowhere() {
    let alone = crm(Neighbour::default()).await;
    let fault = alone.call(&Identity::system(), "crm.lead", "create", lead("TV-2")).await.unwrap_err();
    assert!(fault.status == 422 && fault.message.contains("TV-2"), "{fault}");
    assert!(alone.told(SaleOrder::MODEL).await.is_empty());
}

#[tokio::test]
async fn a_line_of_which_stock_does_not_say_what_the_contract_promises_is_put_aside() {
    let answer = json!([{"order": 1, "lines": [{"line": 1, "reserved": "2"}]}]);
    let alone = crm(Neighbour::default().answers_json("stock.move", "_for_orders", answer)).await;
    alone.call(&Identity::system(), "crm.lead", "create", lead("TV-1")).await.unwrap();
    alone.neighbour("stock").tells("updated", 70, 2, &StockMove { sale_id: Some(1) });
    assert_eq!(alone.hears("stock").await, 1);
}

#[tokio::test]
async fn every_statement_is_one_of_the_migrated_schema() {
    crm(Neighbour::default()).await.prepares_statements(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).await;
}

#[tokio::test]
async fn what_the_last_release_published_is_read_by_the_contract_of_this_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    reads_snapshot::<SaleOrder>(&folder);
    reads_snapshot::<SaleOrderLine>(&folder);
}
