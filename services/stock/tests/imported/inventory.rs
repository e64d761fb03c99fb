//! Warehouses, and what is there.

use std::collections::BTreeSet;

use jsonrpc::import::{Batch, How, Misfit, Outcome, Record};
use partners_contract::ResPartner;
use serde_json::json;
use stock_contract::{Import, Reserve, StockMove};

use crate::given::{
    Orders, TV, batch, call, holds, how, is_consistent, is_taken, of_returns, quantity, record, rows, stock, taken, warehouses,
};

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
