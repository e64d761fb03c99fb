//! What crm takes from another Odoo: leads with their loan files, orders, invoices and credit notes, as the history that they are.
//! Nothing is reserved, numbered, dated or credited anew; what the hub makes of them afterwards begins where they ended.

use std::collections::BTreeMap;

use crm_contract::Import;
use domain::{CENTRAL, Progress};
use jsonrpc::Fault;
use jsonrpc::import::{Became, Record};
use records::{Value, Values, sql};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use service::importing::{Finishing, Imported, Part};
use service::{Answers, Owner};

use crate::file_step::Listed;
use crate::{Crm, loan_file};

const IMPORTED: &[Imported] = &[
    Imported {
        model: "crm.lead",
        stored_as: "crm.lead",
        keys: |rows| sql!("imported/leads.sql", rows),
        lacks: |values| lack(values, LEAD),
        history: true,
        ..Imported::PLAIN
    },
    Imported {
        model: "sale.order",
        stored_as: "sale.order",
        keys: |rows| sql!("imported/orders.sql", rows),
        lacks: |values| lack(values, ORDER),
        history: true,
        // A trigger sums them up
        kept: &["reserved", "short"],
        parts: &[Part {
            field: "order_line",
            lacks: |values| lack(values, ORDER_LINE),
            kept: &["order_id", "bank_id", "short", "qty_closed"],
        }],
        after: Some(|ids| sql!("imported/names_go_on.sql", ids)),
        ..Imported::PLAIN
    },
    Imported {
        model: "account.move",
        stored_as: "account.move",
        keys: |rows| sql!("imported/moves.sql", rows),
        lacks: lack_of_move,
        history: true,
        parts: &[Part { field: "invoice_line_ids", lacks: |values| lack(values, MOVE_LINE), kept: &["move_id", "bank_id"] }],
        after: Some(|ids| sql!("imported/numbers_go_on.sql", ids)),
        ..Imported::PLAIN
    },
];

/// A field, and what is said where a record lacks it.
type Needed = (&'static str, &'static str);

const LEAD: &[Needed] = &[
    ("partner_id", "Field 'partner_id' of crm.lead is required: it has no client"),
    ("bank_id", "Field 'bank_id' of crm.lead is required: it has no bank"),
    ("order_source", "Field 'order_source' of crm.lead is required"),
];
const ORDER: &[Needed] = &[
    ("name", "Field 'name' of sale.order is required"),
    ("partner_id", "Field 'partner_id' of sale.order is required: it has no client"),
    ("bank_id", "Field 'bank_id' of sale.order is required: it has no bank"),
    ("ek_state", "Field 'ek_state' of sale.order is required"),
    ("date_order", "Field 'date_order' of sale.order is required"),
];
const ORDER_LINE: &[Needed] = &[("name", "Field 'name' of sale.order.line is required")];
const MOVE: &[Needed] = &[
    ("move_type", "Field 'move_type' of account.move is required"),
    ("state", "Field 'state' of account.move is required"),
    ("partner_id", "Field 'partner_id' of account.move is required: it has no client"),
];
const POSTED: &[Needed] = &[
    ("name", "Field 'name' of account.move is required: a posted one has a number"),
    ("invoice_date", "Field 'invoice_date' of account.move is required: a posted one has a date"),
];
const MOVE_LINE: &[Needed] = &[("name", "Field 'name' of account.move.line is required")];

fn lack(values: &Values, needed: &[Needed]) -> Option<&'static str> {
    let is_there = |field: &str| values.get(field).and_then(Value::plain).is_some_and(|json| !json.is_null() && json != "");
    needed.iter().find(|(field, _)| !is_there(field)).map(|(_, told)| *told)
}

fn lack_of_move(values: &Values) -> Option<&'static str> {
    let of_posted = || if values.text("state") == Some("posted") { lack(values, POSTED) } else { None };
    lack(values, MOVE).or_else(of_posted)
}

impl Answers<Import> for Crm {
    async fn answer(owner: &Owner<Self>, Import(mut batch): Import, traceparent: Option<&String>) -> Result<Vec<Became>, Fault> {
        batch.records.iter_mut().for_each(list_payments);
        let taxes: Vec<TaxOf> = owner.database.read(sql!("imported/taxes.sql")).await?;
        let keys = &owner.service.keys;
        let finish = |of: Finishing<'_>| finish(keys, &taxes, of);
        owner.import_finished(IMPORTED, &batch, &finish, traceparent).await
    }
}

/// A payment of an invoice; what else is said of it names people.
#[derive(Deserialize)]
struct Payment {
    date: Option<String>,
    amount: Json,
    number: Option<String>,
}

/// Payments come as a list, and are kept as lines that people read: what is no such list is refused with its field.
fn list_payments(record: &mut Record) {
    let Some(list) = record.values.get_mut("payments").filter(|list| list.is_array()) else { return };
    let Ok(payments) = serde_json::from_value::<Vec<Payment>>(list.clone()) else { return };
    let line = |payment: Payment| {
        let amount = records::values::decimal(&payment.amount).map(|amount| format!("{amount:.2}"));
        [payment.date, amount, payment.number].into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    *list = payments.into_iter().map(line).collect::<Vec<_>>().join("\n").into();
}

/// A tax of the hub's.
#[derive(Deserialize)]
struct TaxOf {
    id: i64,
    rate: Decimal,
}

fn finish(keys: &loan_file::Keys, taxes: &[TaxOf], of: Finishing<'_>) -> Result<(), Fault> {
    let Finishing { model, id, values, of: document, row } = of;
    match (model, document) {
        ("crm.lead", _) => lead(keys, id, values, row)?,
        ("sale.order", _) => order(values, row),
        ("sale.order.line", Some(order)) => order_line(values, order, row),
        ("account.move", _) => account_move(row),
        ("account.move.line", Some(of)) => copy("bank_id", of, row),
        (other, _) => return Err(service::our_fault("crm", "records came that nobody finishes", &other)),
    }
    if model != "crm.lead" {
        set(row, "imported", true);
    }
    if model.ends_with(".line") && row.get("tax_id").is_none_or(Json::is_null) {
        let rate = number(values, "tax_rate");
        set(row, "tax_id", taxes.iter().find(|tax| tax.rate == rate).map(|tax| tax.id));
    }
    Ok(())
}

fn set(row: &mut Map<String, Json>, column: &str, value: impl Into<Json>) {
    row.insert(column.to_owned(), value.into());
}

fn copy(column: &str, of: &Map<String, Json>, row: &mut Map<String, Json>) {
    set(row, column, of.get(column).cloned().unwrap_or_default());
}

/// Odoo's integers and floats are never unset: 0 is none, where none is something else than 0.
fn unset_zeros(row: &mut Map<String, Json>, columns: &[&str]) {
    for column in columns {
        if row.get(*column).is_some_and(is_nothing) {
            set(row, column, Json::Null);
        }
    }
}

fn is_nothing(json: &Json) -> bool {
    json.is_null() || json == "" || records::values::decimal(json).is_some_and(|number| number.is_zero())
}

/// A checked number; what is not said is 0.
fn number(values: &Values, field: &str) -> Decimal {
    values.get(field).and_then(Value::plain).and_then(records::values::decimal).unwrap_or_default()
}

/// Its loan file is sealed, and listed as that of any lead.
fn lead(keys: &loan_file::Keys, id: i64, values: &Values, row: &mut Map<String, Json>) -> Result<(), Fault> {
    unset_zeros(row, &["cart_id", "ek_order_id"]);
    let fields = loan_file::fields().filter_map(|field| Some((field.name.to_owned(), values.get(field.name)?.plain()?.clone())));
    let file: Map<String, Json> = fields.filter(|(_, json)| !is_nothing(json)).collect();
    let sealed = if file.is_empty() { None } else { Some(keys.seal(id, &file)?) };
    let listed = serde_json::to_value(Listed::of(&file, sealed.as_deref()));
    match listed {
        Ok(Json::Object(listed)) => row.extend(listed),
        Ok(other) => return Err(service::our_fault("crm", "a loan file can't be listed", &other)),
        Err(error) => return Err(service::our_fault("crm", "a loan file can't be listed", &error)),
    }
    set(row, loan_file::COLUMN, sealed);
    Ok(())
}

fn order(values: &Values, row: &mut Map<String, Json>) {
    unset_zeros(row, &["ek_order_id", "rate"]);
    let state = values.text("ek_state").and_then(Progress::parse).map(Progress::odoo_state);
    if row.get("state").is_none_or(Json::is_null) {
        set(row, "state", state);
    }
}

/// What was settled there is what the line begins with. Of an order that is done nothing is waited for: what was not shipped is dropped.
fn order_line(values: &Values, order: &Map<String, Json>, row: &mut Map<String, Json>) {
    copy("bank_id", order, row);
    for (column, otherwise) in [("manufacturer_ref", ""), ("code_pos", CENTRAL)] {
        if row.get(column).is_none_or(Json::is_null) {
            set(row, column, otherwise);
        }
    }
    let [ordered, delivered, returned, reserved] =
        ["product_uom_qty", "qty_delivered", "qty_returned", "reserved"].map(|field| number(values, field));
    let left = (ordered - delivered).max(Decimal::ZERO);
    let state = order.get("ek_state").and_then(Json::as_str).and_then(Progress::parse);
    let (short, closed) = match state {
        Some(Progress::InPreparation | Progress::InDelivery) => ((left - reserved).max(Decimal::ZERO), Decimal::ZERO),
        Some(Progress::Delivered) => (Decimal::ZERO, (left - reserved).max(Decimal::ZERO)),
        Some(Progress::Created | Progress::Cancelled) | None => (Decimal::ZERO, Decimal::ZERO),
    };
    let settled = BTreeMap::from([
        ("short", short),
        ("qty_closed", closed),
        ("settled_delivered", delivered),
        ("settled_returned", returned),
        ("settled_reserved", reserved),
        ("settled_closed", closed),
    ]);
    for (column, quantity) in settled {
        set(row, column, json!(quantity.to_string()));
    }
}

fn account_move(row: &mut Map<String, Json>) {
    unset_zeros(row, &["rate"]);
    // A draft's
    if row.get("name").is_some_and(|name| name == "/") {
        set(row, "name", Json::Null);
    }
    if row.get("date").is_none_or(Json::is_null) {
        let day = row.get("invoice_date").cloned().unwrap_or_default();
        set(row, "date", day);
    }
}
