//! What crm takes from another Odoo: as the history that it is, and so that it goes on from there.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};

use alone::{Alone, Neighbour, settings};
use catalog_contract::{ByReference, Configuration};
use crm::{Crm, CrmConfig};
use crm_contract::{DemandOf, Import, Settled};
use domain::{Identity, Progress};
use jsonrpc::import::{Batch, Became, How, Misfit, Outcome, Record};
use partners_contract::{BankNamed, ForLead, Named, Places};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use stock_contract::{ForOrders, Served, ServedLine, StockMove};

async fn crm(stock: Neighbour) -> Alone<Crm> {
    let config = settings(CrmConfig::read, &[("LOAN_FILE_KEYS", "test:bG9hbi1maWxlLWtleS1mb3ItdGVzdHMtb25seS0zMmI=")]);
    let catalog = Neighbour::default().answers(|asked: ByReference| {
        let tv = |reference: String| Configuration {
            id: 11,
            manufacturer_ref: reference,
            name: "Téléviseur".to_owned(),
            selling_price: Decimal::from(80_000),
            active: true,
            tax: None,
        };
        asked.references.into_iter().map(tv).collect()
    });
    let partners = Neighbour::default().answers(|_: BankNamed| Ok(1)).answers(|asked: ForLead| Places {
        client: asked.client.map(|_| 5),
        bank: Some(Named { id: 1, name: "Alsalam".to_owned() }),
        ..Places::default()
    });
    Alone::new("crm", |_| Crm::new(&config).unwrap(), vec![("catalog", catalog), ("partners", partners), ("stock", stock)]).await
}

fn record(odoo_id: i64, values: Value) -> Record {
    let values = values.as_object().unwrap().clone();
    Record { odoo_id, values, write_date: Some("2026-03-01 10:00:00".to_owned()), ..Record::default() }
}

fn linked(field: &str, ids: &[i64], mut record: Record) -> Record {
    record.links.insert(field.to_owned(), ids.to_vec());
    record
}

fn with(field: &str, parts: Vec<Record>, record: Record) -> Record {
    Record { parts: BTreeMap::from([(field.to_owned(), parts)]), ..record }
}

fn batch(model: &str, records: Vec<Record>) -> Import {
    let greatest = records.iter().map(|record| record.odoo_id).max().unwrap();
    Import(Batch { source: "old".to_owned(), model: model.to_owned(), greatest, dry: false, verify: false, records })
}

async fn taken(alone: &Alone<Crm>, model: &str, records: Vec<Record>) -> Vec<Became> {
    alone.asked("bridge", &batch(model, records)).await.unwrap()
}

fn how(became: &[Became]) -> Vec<Result<(Option<i64>, How), Misfit>> {
    let of = |one: &Became| match &one.outcome {
        Outcome::Taken { record_id, how, .. } => Ok((*record_id, *how)),
        Outcome::Refused { misfit, .. } => Err(*misfit),
    };
    became.iter().map(of).collect()
}

fn reason(became: &Became) -> &str {
    let Outcome::Refused { reason, .. } = &became.outcome else { panic!("{became:?}") };
    reason
}

/// The result of a search.
async fn rows(alone: &Alone<Crm>, model: &str, filter: Value, query: &str) -> Vec<Value> {
    let asked = json!({"filter": filter, "query": query, "order": "id"});
    let page = alone.call(&Identity::system(), model, "search_read", asked).await.unwrap();
    page.get("result").and_then(Value::as_array).unwrap().clone()
}

/// That a condition in SQL holds.
async fn holds(alone: &Alone<Crm>, condition: &str) {
    alone.execute(&format!("DO $do$ BEGIN ASSERT ({condition}), $words${condition}$words$; END $do$")).await;
}

async fn step(alone: &Alone<Crm>, order: i64, to: Progress) -> Result<Value, jsonrpc::Fault> {
    let change = json!({"filter": [["id", "=", order]], "data": {"state": to.as_str()}});
    alone.call(&Identity::system(), "sale.order", "write", change).await
}

fn made(id: i64) -> Result<(Option<i64>, How), Misfit> {
    Ok((Some(id), How::Made))
}

fn lead(id: i64) -> Record {
    let of_it = json!({"name": "Panier", "partner_id": 5, "bank_id": 1, "order_source": "Alsalam", "stage_id": "Gagné", "cart_id": 0,
        "ek_order_id": 1400 + id, "active": false, "salary": "90000.00", "birth_date": "1993-11-03", "file_number": 1906, "progress": 0.0});
    record(id, of_it)
}

/// An order that was delivered in part.
fn order(id: i64, name: &str, lines: Vec<Record>) -> Record {
    let of_it = json!({"name": name, "partner_id": 5, "bank_id": 1, "order_source": "Alsalam", "ek_order_id": 1400 + id,
        "ek_state": Progress::InDelivery.as_str(), "state": "sale", "date_order": "2026-02-01 09:00:00", "delivery_street": "12 rue Didouche",
        "amount_untaxed": "1000.00", "amount_tax": 190.0, "amount_total": "1190.00", "currency": "DZD", "rate": 1.0});
    with("order_line", lines, record(id, of_it))
}

fn order_line(id: i64, quantity: &str, delivered: &str, returned: &str, reserved: &str) -> Record {
    let of_it = json!({"product_id": 11, "name": "Four", "manufacturer_ref": "FOUR-1", "product_uom_qty": quantity, "price_unit": "100.00",
        "tax_rate": "19.0", "tax_included": false, "price_subtotal": "1000.00", "price_tax": "190.00", "price_total": "1190.00",
        "qty_delivered": delivered, "qty_returned": returned, "reserved": reserved, "sequence": 10});
    record(id, of_it)
}

fn invoice(id: i64, name: &str, day: &str, more: Value, lines: Vec<Record>) -> Record {
    let mut of_it = json!({"name": name, "move_type": "out_invoice", "state": "posted", "partner_id": 5, "bank_id": 1, "order_source": "Alsalam",
        "invoice_date": day, "amount_untaxed": "400.00", "amount_tax": "76.00", "amount_total": "476.00", "payment_state": "partial",
        "amount_residual": "76.00"});
    of_it.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    with("invoice_line_ids", lines, record(id, of_it))
}

fn invoice_line(id: i64, quantity: &str, total: &str, sale_line: i64) -> Record {
    let of_it = json!({"product_id": 11, "name": "Four", "quantity": quantity, "price_unit": "100.00", "tax_rate": "19.00",
        "price_subtotal": total, "price_tax": "0", "price_total": total});
    linked("sale_line_id", &[sale_line], record(id, of_it))
}

#[tokio::test]
async fn leads_orders_and_invoices_come_as_they_were_and_the_next_numbers_are_those_after_them() {
    let alone = crm(Neighbour::default()).await;
    let leads = || vec![lead(40)];
    let orders = || {
        vec![linked(
            "opportunity_id",
            &[40],
            order(30, "S00073", vec![order_line(201, "10", "4", "1", "2"), order_line(202, "3", "0", "0", "0")]),
        )]
    };
    let payments = json!({"payments": [{"date": "2026-02-11", "amount": 400.0, "number": "PBNK1/2026/00005", "name": "Nadia"}]});
    let year = chrono::Utc::now().format("%Y").to_string();
    let number = |n: u32| format!("FAC/{year}/{n:05}");
    let invoices = || {
        vec![
            linked(
                "sale_id",
                &[30],
                invoice(50, &number(12), &format!("{year}-01-10"), payments.clone(), vec![invoice_line(301, "4", "400.00", 201)]),
            ),
            // Two of an order, and one takes back a down payment
            linked(
                "sale_id",
                &[30],
                invoice(51, &number(11), &format!("{year}-01-09"), json!({}), vec![invoice_line(302, "-1", "-50.00", 202)]),
            ),
            invoice(52, "/", &format!("{year}-01-11"), json!({"state": "draft", "bank_id": null}), Vec::new()),
        ]
    };
    assert_eq!(how(&taken(&alone, "crm.lead", leads()).await), [made(40)]);
    let became = taken(&alone, "sale.order", orders()).await;
    assert_eq!(how(&became), [made(30)], "{became:?}");
    let became = taken(&alone, "account.move", invoices()).await;
    assert_eq!(how(&became), [made(50), made(51), made(52)], "{became:?}");

    let read = rows(
        &alone,
        "crm.lead",
        json!([["active", "=", false]]),
        "{id, ek_order_id, cart_id, salary, birth_date, file_number, stage_id{name}}",
    )
    .await;
    assert_eq!(
        read,
        [json!({"id": 40, "ek_order_id": 1440, "cart_id": 0, "salary": 90000.0, "birth_date": "1993-11-03", "file_number": 1906,
        "stage_id": {"name": "Gagné"}})]
    );
    holds(&alone, "(SELECT loan_file LIKE 'test.%' AND loan_file NOT LIKE '%90000%' AND cart_id IS NULL AND file_listed = left(loan_file, 64) FROM crm_lead)").await;
    let query = "{name, state, ek_state, opportunity_id, amount_total, reserved, short, order_line{id, bank_id, qty_delivered, qty_returned, \
        reserved, short, qty_invoiced, code_pos, tax_id{amount}}}";
    let read = rows(&alone, "sale.order", json!([["id", "=", 30]]), query).await;
    let line = |id: i64, [delivered, returned, reserved, short, invoiced]: [f64; 5]| {
        json!({"id": id, "bank_id": 1, "qty_delivered": delivered, "qty_returned": returned, "reserved": reserved, "short": short,
            "qty_invoiced": invoiced, "code_pos": domain::CENTRAL, "tax_id": {"amount": 19.0}})
    };
    assert_eq!(
        read,
        [
            json!({"name": "S00073", "state": "sale", "ek_state": Progress::InDelivery.as_str(), "opportunity_id": 40, "amount_total": 1190.0,
            "reserved": 2.0, "short": 7.0,
            "order_line": [line(201, [4.0, 1.0, 2.0, 4.0, 4.0]), line(202, [0.0, 0.0, 0.0, 3.0, -1.0])]})
        ]
    );
    let query = "{id, name, date, payment_state, amount_residual, payments, invoice_line_ids{quantity, price_total}}";
    let read = rows(&alone, "account.move", json!([["id", "in", [50, 52]]]), query).await;
    assert_eq!(
        read[0],
        json!({"id": 50, "name": number(12), "date": format!("{year}-01-10"), "payment_state": "partial", "amount_residual": 76.0,
            "payments": "2026-02-11 400.00 PBNK1/2026/00005", "invoice_line_ids": [{"quantity": 4.0, "price_total": 400.0}]})
    );
    assert_eq!((&read[1]["name"], &read[1]["invoice_line_ids"]), (&json!(false), &json!([])));
    for model in ["crm.lead", "sale.order", "sale.order.line", "account.move", "account.move.line"] {
        let told = alone.told(model).await;
        assert!(!told.is_empty() && told.iter().all(|event| event["cause"] == "import" && event["kind"] == "created"), "{told:?}");
    }

    // A batch twice is once
    let before = alone.told("sale.order.line").await.len();
    for (model, records) in [("crm.lead", leads()), ("sale.order", orders()), ("account.move", invoices())] {
        let became = taken(&alone, model, records).await;
        assert!(how(&became).iter().all(|one| matches!(one, Ok((Some(_), How::Same)))), "{became:?}");
    }
    assert_eq!(alone.told("sale.order.line").await.len(), before);
    holds(
        &alone,
        "(SELECT count(*) FROM odoo_binding) = 9 AND (SELECT of FROM odoo_binding WHERE model = 'sale.order.line' AND odoo_id = 201) = 30",
    )
    .await;

    // What the hub makes goes on after them
    let row = json!({"manufacturer_ref": "TV-1", "quantity": 3, "product_warehouse_id": "EKIWH"});
    let sent = json!({"data": {"order_source": "Alsalam", "cart_id": 1, "partner": {"email": "amine@example.dz"}, "cart": [row]}});
    alone.call(&Identity::system(), "crm.lead", "create", sent).await.unwrap();
    let new = rows(&alone, "sale.order", json!([["name", "=", "S00074"]]), "{id, order_line{id}}").await;
    let id = new[0]["id"].as_i64().unwrap();
    assert!(id > 30 && new[0]["order_line"][0]["id"].as_i64().unwrap() > 202, "{new:?}");
    for progress in [Progress::InPreparation, Progress::InDelivery, Progress::Delivered] {
        step(&alone, id, progress).await.unwrap();
    }
    let new = rows(&alone, "account.move", json!([["sale_id", "=", id]]), "{name, amount_total}").await;
    assert_eq!(new, [json!({"name": number(13), "amount_total": 240_000.0})]);
}

#[tokio::test]
async fn what_does_not_fit_is_told_and_a_line_that_does_not_refuses_its_document() {
    let alone = crm(Neighbour::default()).await;
    assert_eq!(how(&taken(&alone, "sale.order", vec![order(1, "S00001", vec![order_line(1, "1", "0", "0", "0")])]).await), [made(1)]);
    let without = |field: &str, mut record: Record| {
        record.values.remove(field);
        record
    };
    let mut odd = order_line(12, "1", "0", "0", "0");
    odd.values.insert("tax_rate".to_owned(), "much".into());
    let records = vec![
        without("bank_id", order(10, "S00010", Vec::new())),
        without("partner_id", order(11, "S00011", Vec::new())),
        order(12, "S00012", vec![order_line(11, "1", "0", "0", "0"), odd]),
        linked("opportunity_id", &[99], order(13, "S00013", Vec::new())),
        order(14, "S00001", Vec::new()),
        order(15, "S00015", vec![linked("tax_id", &[7], order_line(15, "1", "0", "0", "0"))]),
        with("invoice_ids", Vec::new(), order(16, "S00016", Vec::new())),
        order(17, "S00017", vec![record(17, json!({"name": "Acompte", "product_uom_qty": 0, "price_unit": "-50", "tax_rate": 0}))]),
        order(18, "S00018", vec![record(18, json!({"name": "Reprise", "imported": true}))]),
    ];
    let mut dry = batch("sale.order", records.clone());
    dry.0.dry = true;
    let rehearsed = alone.asked("bridge", &dry).await.unwrap();
    holds(&alone, "(SELECT count(*) FROM sale_order) = 1 AND (SELECT count(*) FROM odoo_binding) = 2").await;
    let became = taken(&alone, "sale.order", records).await;
    let expected = [
        Err(Misfit::Value),
        Err(Misfit::Value),
        Err(Misfit::Value),
        Err(Misfit::Link),
        Err(Misfit::Key),
        Err(Misfit::Link),
        Err(Misfit::Value),
        made(17),
        Err(Misfit::Value),
    ];
    assert_eq!(how(&became), expected, "{became:#?}");
    assert!(reason(&became[0]).contains("it has no bank"), "{became:?}");
    assert!(reason(&became[2]).starts_with("order_line 12 there: ") && reason(&became[2]).contains("tax_rate"), "{became:?}");
    assert!(reason(&became[3]).contains("crm.lead 99"), "{became:?}");
    // Of what is only taken later a rehearsal knows nothing
    let known: Vec<_> = rehearsed.iter().zip(&became).filter(|(_, became)| !reason_is_link(became)).collect();
    assert!(known.iter().all(|(dry, became)| how(&[(*dry).clone()])[0].is_ok() == how(&[(*became).clone()])[0].is_ok()), "{rehearsed:#?}");
    holds(&alone, "(SELECT count(*) FROM sale_order) = 2 AND (SELECT count(*) FROM sale_order_line) = 2").await;

    let posted = |more: Value| invoice(60, "FAC/2026/00001", "2026-01-10", more, Vec::new());
    for (more, told) in [
        (json!({"invoice_date": null}), "a posted one has a date"),
        (json!({"payment_state": "perhaps"}), "payment_state"),
        (json!({"payments": [{"amount": 1}, "two"]}), "payments"),
        (json!({"amount_residual": 1e15}), "amount_residual"),
    ] {
        let became = taken(&alone, "account.move", vec![posted(more)]).await;
        assert!(reason(&became[0]).contains(told), "{became:?}");
    }
    // What the hub makes keeps its rules
    for refused in [
        "INSERT INTO account_move_line (move_id, sequence, name, quantity, price_unit, tax_rate, tax_included, price_subtotal, price_tax, price_total) \
            VALUES (1, 1, 'x', -1, 1, 0, false, 1, 0, 1)",
        "INSERT INTO sale_order_line (order_id, sequence, product_id, name, manufacturer_ref, product_uom_qty, price_unit, tax_rate, tax_included, \
            price_subtotal, price_tax, price_total, code_pos) VALUES (1, 1, 1, 'x', 'x', 0, 1, 0, false, 1, 0, 1, 'x')",
    ] {
        let caught = format!("DO $do$ BEGIN {refused}; RAISE 'taken'; EXCEPTION WHEN check_violation THEN NULL; END $do$");
        alone.execute(&caught).await;
    }
}

fn reason_is_link(became: &Became) -> bool {
    matches!(became.outcome, Outcome::Refused { misfit: Misfit::Link, .. })
}

#[tokio::test]
async fn what_changed_there_comes_again_with_its_lines_but_not_over_what_was_changed_here() {
    let alone = crm(Neighbour::default()).await;
    let orders = |lines: Vec<Record>| vec![order(1, "S00001", lines)];
    taken(&alone, "sale.order", orders(vec![order_line(1, "2", "0", "0", "0"), order_line(2, "2", "0", "0", "0")])).await;
    let became = taken(&alone, "sale.order", orders(vec![order_line(1, "5", "0", "0", "0"), order_line(3, "1", "0", "0", "0")])).await;
    assert_eq!(how(&became), [Ok((Some(1), How::Changed))], "{became:?}");
    let read = rows(&alone, "sale.order", json!([["id", "=", 1]]), "{order_line{id, product_uom_qty}, short}").await;
    assert_eq!(read, [json!({"order_line": [{"id": 1, "product_uom_qty": 5.0}, {"id": 3, "product_uom_qty": 1.0}], "short": 6.0})]);
    holds(&alone, "(SELECT array_agg(odoo_id ORDER BY odoo_id) FROM odoo_binding WHERE model = 'sale.order.line') = '{1,3}'").await;

    let invoices = |residual: &str, total: &str| {
        let more = json!({"amount_residual": residual, "payment_state": if residual == "0" { "paid" } else { "not_paid" }});
        vec![invoice(1, "FAC/2026/00001", "2026-01-10", more, vec![invoice_line(1, "2", total, 1)])]
    };
    taken(&alone, "account.move", invoices("476", "476")).await;
    let became = taken(&alone, "account.move", invoices("0", "475.99")).await;
    assert_eq!(how(&became), [Ok((Some(1), How::Changed))], "{became:?}");
    let read = rows(&alone, "account.move", json!([]), "{payment_state, amount_residual, invoice_line_ids{price_total}}").await;
    assert_eq!(read, [json!({"payment_state": "paid", "amount_residual": 0.0, "invoice_line_ids": [{"price_total": 475.99}]})]);
    // By nothing else
    let change = json!({"filter": [["id", "=", 1]], "data": {"ref": "x"}});
    let fault = alone.call(&Identity::system(), "account.move", "write", change).await.unwrap_err();
    assert!(fault.status == 422 && fault.message.contains("stays as it is"), "{fault:?}");

    // A line that changed here keeps its document
    alone.execute("UPDATE sale_order_line SET qty_delivered = 1, version = version + 1 WHERE id = 3").await;
    let became = taken(&alone, "sale.order", orders(vec![order_line(1, "6", "0", "0", "0")])).await;
    assert_eq!(how(&became), [Err(Misfit::Changed)]);
    assert!(reason(&became[0]).starts_with("order_line 3 there"), "{became:?}");
    // Who is forgotten is not brought back
    alone.execute("SELECT forget(ARRAY[5]::bigint[], 1, 'asked for it')").await;
    let became = taken(&alone, "sale.order", orders(vec![order_line(1, "5", "0", "0", "0"), order_line(3, "1", "0", "0", "0")])).await;
    assert_eq!(how(&became), [Err(Misfit::Removed)]);
    holds(&alone, "(SELECT delivery_street IS NULL FROM sale_order)").await;
}

fn served(delivered: i64, returned: i64, reserved: i64) -> Neighbour {
    let [delivered, returned, reserved] = [delivered, returned, reserved].map(Decimal::from);
    let line = ServedLine { line: 1, reserved, delivered, returned, closed: Decimal::ZERO };
    Neighbour::default()
        .answers(move |asked: ForOrders| asked.ids.into_iter().map(|order| Served { order, lines: vec![line.clone()] }).collect())
}

/// An order of ten, four of them delivered, one came back and was not credited; all of it invoiced.
async fn history(alone: &Alone<Crm>) {
    taken(alone, "sale.order", vec![order(1, "S00001", vec![order_line(1, "10", "4", "1", "2")])]).await;
    let invoices = vec![
        linked("sale_id", &[1], invoice(1, "FAC/2026/00001", "2026-01-10", json!({}), vec![invoice_line(1, "6", "600.00", 1)])),
        linked("sale_id", &[1], invoice(2, "FAC/2026/00002", "2026-01-11", json!({}), vec![invoice_line(2, "4", "590.00", 1)])),
    ];
    let became = taken(alone, "account.move", invoices).await;
    assert_eq!(how(&became), [made(1), made(2)], "{became:?}");
}

#[tokio::test]
async fn stock_is_told_what_is_settled_and_followed_from_the_start_nothing_moves() {
    let alone = crm(served(0, 0, 0)).await;
    history(&alone).await;
    let demands = alone.asked("stock", &DemandOf { ids: BTreeSet::from([1]) }).await.unwrap();
    let settled = Settled { delivered: Decimal::from(4), returned: Decimal::ONE, reserved: Decimal::TWO };
    assert_eq!(demands[0].lines[0].settled, Some(settled));

    let before = alone.told("sale.order.line").await.len();
    for record in [70, 71] {
        alone.neighbour("stock").brings(record, &StockMove { sale_id: Some(1) });
    }
    for _ in 0..2 {
        assert_eq!(alone.hears("stock").await, 0);
        alone.execute("DELETE FROM feed_cursor").await;
    }
    let read = rows(&alone, "sale.order.line", json!([]), "{qty_delivered, qty_returned, reserved, short}").await;
    assert_eq!(read, [json!({"qty_delivered": 4.0, "qty_returned": 1.0, "reserved": 2.0, "short": 4.0})]);
    assert_eq!(alone.told("sale.order.line").await.len(), before);
    holds(&alone, "(SELECT count(*) FROM account_move) = 2").await;
}

#[tokio::test]
async fn only_what_comes_back_after_the_import_is_credited_and_once_whatever_invoices_have_it() {
    let alone = crm(served(4, 3, 2)).await;
    history(&alone).await;
    for version in [2, 3] {
        alone.neighbour("stock").tells("updated", 70, version, &StockMove { sale_id: Some(1) });
        assert_eq!(alone.hears("stock").await, 0);
    }
    let query = "{reversed_entry_id, invoice_line_ids{quantity, sale_line_id}}";
    let notes = rows(&alone, "account.move", json!([["move_type", "=", "out_refund"]]), query).await;
    assert_eq!(notes, [json!({"reversed_entry_id": 1, "invoice_line_ids": [{"quantity": 2.0, "sale_line_id": 1}]})]);
}

#[tokio::test]
async fn an_order_that_is_delivered_here_is_invoiced_for_what_was_not_invoiced_there() {
    let alone = crm(Neighbour::default()).await;
    let payment = json!({"name": "Acompte", "product_uom_qty": 0, "price_unit": "50.00", "tax_rate": 0});
    let free = record(
        3,
        json!({"product_id": 12, "name": "Table", "product_uom_qty": 1, "tax_rate": 0, "price_unit": 9, "price_subtotal": 9, "price_total": 9}),
    );
    let lines = vec![order_line(1, "10", "4", "0", "0"), record(2, payment), free];
    let became = taken(&alone, "sale.order", vec![order(1, "S00001", lines)]).await;
    assert_eq!(how(&became), [made(1)], "{became:?}");
    let invoices = vec![linked(
        "sale_id",
        &[1],
        invoice(1, "VTE/26/0007", "2026-01-10", json!({}), vec![invoice_line(1, "4", "400.00", 1), invoice_line(2, "1", "50.00", 2)]),
    )];
    taken(&alone, "account.move", invoices).await;
    step(&alone, 1, Progress::Delivered).await.unwrap();
    let query = "{name, amount_total, invoice_line_ids{quantity, price_total}}";
    let new = rows(&alone, "account.move", json!([["id", ">", 1]]), query).await;
    let line = |quantity: f64, total: f64| json!({"quantity": quantity, "price_total": total});
    assert_eq!(new[0]["invoice_line_ids"], json!([line(-1.0, -50.0), line(1.0, 9.0), line(6.0, 790.0)]), "{new:?}");
    assert_eq!((new.len(), &new[0]["amount_total"]), (1, &json!(749.0)));
    let year = chrono::Utc::now().format("%y").to_string();
    let next = if year == "26" { 8 } else { 1 };
    assert_eq!(new[0]["name"], format!("VTE/{year}/{next:04}"));
}

#[tokio::test]
async fn numbers_go_on_in_the_form_of_their_journal() {
    let alone = crm(Neighbour::default()).await;
    for (name, form, number, width, period) in [
        ("FAC/2026/00012", "FAC/{y4}/{n}", 12, 5, 2026),
        ("INV/2026/11/0003", "INV/{y4}/{m}/{n}", 3, 4, 202_611),
        ("INV/26/0107", "INV/{y2}/{n}", 107, 4, 2026),
        ("F202611-031", "F{y4}{m}-{n}", 31, 3, 202_611),
        ("FACT00099A", "FACT{n}A", 99, 5, 0),
        ("2026/7", "{y4}/{n}", 7, 1, 2026),
        ("FAC/2025/00012", "FAC/2025/{n}", 12, 5, 0),
    ] {
        holds(&alone, &format!("(SELECT (form, number, width, account_period(form, '2026-11-26')) = ('{form}', {number}, {width}, {period}) FROM account_form('{name}', '2026-11-26'))")).await;
    }
    holds(&alone, "(SELECT form IS NULL FROM account_form('Facture', '2026-11-26')) AND (SELECT form IS NULL FROM account_form('F{n}1', '2026-11-26'))").await;
    // Credit notes of the same journal never have an invoice's number; the newest tells the form
    let note = |id: i64, name: &str, day: &str, kind: &str| invoice(id, name, day, json!({"move_type": kind}), Vec::new());
    let moves = vec![
        note(1, "R/0009", "2020-01-01", "out_invoice"),
        note(2, "V/0004", "2021-01-01", "out_invoice"),
        note(3, "V/0005", "2021-01-02", "out_refund"),
    ];
    taken(&alone, "account.move", moves).await;
    taken(&alone, "account.move", vec![note(4, "R/0010", "2020-02-01", "out_invoice")]).await;
    holds(&alone, "(SELECT array_agg(journal || ' ' || form ORDER BY journal) FROM account_numbering) = ARRAY['FAC V/{n}', 'RFAC V/{n}']")
        .await;
    holds(&alone, "(SELECT array_agg(journal || ' ' || last ORDER BY journal) FROM account_sequence) = ARRAY['R/{n} 10', 'V/{n} 5']").await;
}
