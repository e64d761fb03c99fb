//! Stock alone, with its neighbours played by their contracts: what it asks, what it answers, what it publishes.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::Path;

use alone::{Alone, Neighbour, reads_snapshot, snapshot};
use catalog_contract::{ByReference, Configuration};
use crm_contract::{Demand, DemandLine, DemandOf, SaleOrder};
use domain::{Identity, Progress};
use jsonrpc::{Published, Question};
use partners_contract::{PointOfSale, Points, PointsOfSale, ResPartner};
use rust_decimal::Decimal;
use serde_json::json;
use stock::Stock;
use stock_contract::{Close, ForOrders, Served, ServedLine, StockMove, StockQuant};

const TV: i64 = 11;

fn demand(ek_state: Progress, version: i64) -> Demand {
    Demand {
        id: 7,
        name: "S00007".to_owned(),
        version,
        ek_state,
        bank_id: Some(1),
        partner_id: Some(5),
        lines: vec![DemandLine {
            id: 70,
            product_id: TV,
            name: "Téléviseur".to_owned(),
            manufacturer_ref: "TV-1".to_owned(),
            quantity: Decimal::from(3),
            price_unit: Decimal::from(80_000),
            pos_id: None,
            code_pos: None,
            settled: None,
        }],
    }
}

fn catalog() -> Neighbour {
    Neighbour::default().answers(|asked: ByReference| {
        let tv = Configuration {
            id: TV,
            manufacturer_ref: "TV-1".to_owned(),
            name: "Téléviseur".to_owned(),
            selling_price: Decimal::from(80_000),
            active: true,
            tax: None,
        };
        let is_asked = asked.references.contains("TV-1") || asked.ids.contains(&TV);
        if is_asked { vec![tv] } else { Vec::new() }
    })
}

fn partners() -> Neighbour {
    Neighbour::default().answers(|_: PointsOfSale| {
        let point = PointOfSale { id: 9, name: "Alger".to_owned(), active: true, closed: false, version: 2 };
        Points::from([("PDV-ALGER".to_owned(), point)])
    })
}

async fn stock(crm: Neighbour) -> Alone<Stock> {
    let neighbours = vec![("catalog", catalog()), ("partners", partners()), ("crm", crm)];
    let alone = Alone::new("stock", |_| Stock, neighbours).await;
    let counted = json!({"data": {"product_id": "TV-1", "location_id": "EKIWH", "inventory_quantity": 10}});
    let quant = alone.call(&Identity::system(), "stock.quant", "create", counted).await.unwrap();
    alone.call(&Identity::system(), "stock.quant", "action_apply_inventory", json!({"ids": [quant]})).await.unwrap();
    alone
}

fn created(state: Progress) -> SaleOrder {
    SaleOrder { ek_state: Some(state), bank_id: Some(1) }
}

fn line(reserved: i64, delivered: i64) -> Vec<Served> {
    let [reserved, delivered] = [reserved, delivered].map(Decimal::from);
    vec![Served { order: 7, lines: vec![ServedLine { line: 70, reserved, delivered, returned: Decimal::ZERO, closed: Decimal::ZERO }] }]
}

#[tokio::test]
async fn an_order_is_reserved_when_crm_tells_of_it_and_shipped_when_it_is_delivered() {
    let state = std::sync::Arc::new(std::sync::Mutex::new((Progress::Created, 1)));
    let now = state.clone();
    let alone = stock(Neighbour::default().answers(move |asked: DemandOf| {
        let (progress, version) = *now.lock().unwrap();
        assert_eq!(asked.ids, BTreeSet::from([7]));
        vec![demand(progress, version)]
    }))
    .await;
    let ids = BTreeSet::from([7]);
    assert_eq!(alone.asked("crm", &ForOrders { ids: ids.clone() }).await.unwrap(), []);

    alone.neighbour("crm").tells("created", 7, 1, &created(Progress::Created));
    assert_eq!(alone.hears("crm").await, 0);
    assert_eq!(alone.asked("crm", &ForOrders { ids: ids.clone() }).await.unwrap(), line(3, 0));

    *state.lock().unwrap() = (Progress::Delivered, 4);
    alone.neighbour("crm").tells("updated", 7, 4, &created(Progress::Delivered));
    assert_eq!(alone.hears("crm").await, 0);
    assert_eq!(alone.asked("crm", &ForOrders { ids: ids.clone() }).await.unwrap(), line(0, 3));
    let answered = alone.asked("crm", &Close { ids }).await.unwrap();
    assert_eq!(answered, line(0, 3));

    // What that published, and what it answered: the contract that others build on
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    snapshot(&folder.join("stock.move.json"), &alone.told(StockMove::MODEL).await.into());
    snapshot(&folder.join("stock.quant.json"), &alone.told(StockQuant::MODEL).await.into());
    snapshot(&folder.join("for_orders.json"), &serde_json::to_value(answered).unwrap());
}

#[tokio::test]
async fn an_order_that_came_from_elsewhere_reserves_nothing_nor_does_its_next_change() {
    let state = std::sync::Arc::new(std::sync::Mutex::new((Progress::Created, 1)));
    let now = state.clone();
    let alone = stock(Neighbour::default().answers(move |_: DemandOf| {
        let (progress, version) = *now.lock().unwrap();
        vec![demand(progress, version)]
    }))
    .await;
    let ids = BTreeSet::from([7]);
    let nothing = vec![Served { order: 7, lines: Vec::new() }];
    let before = alone.told(StockMove::MODEL).await.len();
    alone.neighbour("crm").brings(7, &created(Progress::Created));
    assert_eq!(alone.hears("crm").await, 0);
    for (progress, version) in [(Progress::InPreparation, 2), (Progress::Delivered, 3)] {
        *state.lock().unwrap() = (progress, version);
        alone.neighbour("crm").tells("updated", 7, version, &created(progress));
        assert_eq!(alone.hears("crm").await, 0);
    }
    assert_eq!(alone.asked("crm", &ForOrders { ids: ids.clone() }).await.unwrap(), nothing);
    // From the start again, and all of it at once
    alone.execute("UPDATE feed_cursor SET pos = 0; DELETE FROM order_demand").await;
    assert_eq!(alone.hears("crm").await, 0);
    assert_eq!(alone.asked("crm", &ForOrders { ids }).await.unwrap(), nothing);
    assert_eq!(alone.told(StockMove::MODEL).await.len(), before);
}

#[tokio::test]
async fn what_is_published_is_read_by_the_contract_of_this_release() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    reads_snapshot::<StockMove>(&folder);
    reads_snapshot::<StockQuant>(&folder);
}

#[tokio::test]
async fn an_answer_of_another_type_is_an_error_and_its_event_is_put_aside_not_left_out() {
    let mut other = serde_json::to_value(vec![demand(Progress::Created, 1)]).unwrap();
    other[0]["lines"][0]["quantity"] = json!({"units": 3});
    let alone = stock(Neighbour::default().answers_json(DemandOf::MODEL, DemandOf::METHOD, other)).await;
    alone.neighbour("crm").tells("created", 7, 1, &created(Progress::Created));
    assert_eq!(alone.hears("crm").await, 1, "put aside");
    let fault = alone.asked("crm", &Close { ids: BTreeSet::from([7]) }).await.unwrap_err();
    assert_eq!(fault.status, 500, "{fault}");
}

#[tokio::test]
async fn a_point_of_sale_has_a_warehouse_from_what_partners_publishes() {
    let alone = stock(Neighbour::default()).await;
    let told = ResPartner {
        is_pos: true,
        code_pos: Some("PDV-ORAN".to_owned()),
        name: Some("Oran".to_owned()),
        active: true,
        status: Some("ACTIVE".to_owned()),
        bank_ids: Vec::new(),
    };
    alone.neighbour("partners").tells("created", 12, 1, &told);
    // A whole row, as the release before publishes it, and a client, who has no warehouse
    let row = json!({"id": 13, "is_pos": true, "code_pos": "PDV-BEJAIA", "name": "Béjaïa", "active": true, "status": "ACTIVE", "bank_ids": [], "email": null});
    alone.neighbour("partners").tells_json(ResPartner::MODEL, "created", 13, 1, 0, &row);
    alone.neighbour("partners").tells("created", 14, 1, &ResPartner { is_pos: false, code_pos: None, status: None, ..told });
    assert_eq!(alone.hears("partners").await, 0);
    let all = json!({"filter": [["partner_id", "!=", false]], "query": "{code, name, partner_id}", "order": "code"});
    let page = alone.call(&Identity::system(), "stock.warehouse", "search_read", all).await.unwrap();
    let codes: Vec<&str> = page["result"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["PDV-BEJAIA", "PDV-ORAN"]);
}

#[tokio::test]
async fn every_statement_is_one_of_the_migrated_schema() {
    stock(Neighbour::default()).await.prepares_statements(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).await;
}

#[tokio::test]
async fn an_event_that_lacks_what_the_contract_promises_or_has_another_shape_is_put_aside() {
    let alone = stock(Neighbour::default()).await;
    let partners = alone.neighbour("partners");
    partners.tells_json(ResPartner::MODEL, "created", 12, 1, ResPartner::SCHEMA, &json!({"is_pos": true, "code_pos": "A", "active": true}));
    partners.tells_json(ResPartner::MODEL, "created", 13, 1, ResPartner::SCHEMA + 1, &json!({}));
    assert_eq!(alone.hears("partners").await, 2);
}
