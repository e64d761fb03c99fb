//! What crm prints: pro formas of orders, invoices and credit notes.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};
use domain::Identity;
use jsonrpc::{Call, Fault, Reply};
use records::Model;
use report::{Align, Column, Document, Parties};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use service::Owner;

use crate::Crm;

const LINE: &str = "name, manufacturer_ref, price_unit, tax_rate, tax_included, price_subtotal, price_tax, price_total";

/// An order, or an invoice, as it is printed. What is not set reads `false`.
#[derive(Deserialize)]
struct Printed {
    #[serde(alias = "display_name")]
    name: String,
    partner_id: i64,
    #[serde(default)]
    ek_order_id: i64,
    order_source: Json,
    #[serde(default)]
    move_type: String,
    #[serde(alias = "invoice_date")]
    date_order: Json,
    #[serde(default)]
    invoice_origin: Json,
    #[serde(default, rename = "ref")]
    reference: Json,
    #[serde(alias = "invoice_line_ids", rename = "order_line")]
    lines: Vec<Line>,
    amount_untaxed: Decimal,
    amount_total: Decimal,
    #[serde(alias = "narration")]
    note: Json,
    #[serde(default)]
    delivery_street: Json,
    #[serde(default)]
    delivery_street2: Json,
    #[serde(default)]
    delivery_state: Json,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    manufacturer_ref: Json,
    #[serde(alias = "product_uom_qty")]
    quantity: Decimal,
    price_unit: Decimal,
    tax_rate: Decimal,
    tax_included: bool,
    price_subtotal: Decimal,
    price_tax: Decimal,
    price_total: Decimal,
}

/// The PDF of these records, as far as the user sees them.
///
/// # Errors
/// 404 for a record that does not exist for the user.
pub async fn report(owner: &Owner<Crm>, identity: &Identity, model: &Model, ids: &[i64]) -> Result<Reply, Fault> {
    let is_order = model.name == "sale.order";
    let query = if is_order {
        format!(
            "{{id, name, partner_id, ek_order_id, order_source, date_order, amount_untaxed, amount_total, note, delivery_street, delivery_street2, \
             delivery_state, order_line{{{LINE}, product_uom_qty}}}}"
        )
    } else {
        format!(
            "{{id, display_name, partner_id, order_source, move_type, invoice_date, invoice_origin, ref, amount_untaxed, amount_total, narration, \
             invoice_line_ids{{{LINE}, quantity}}}}"
        )
    };
    let rows = owner.records(identity, model, ids, &query).await?;
    let printed = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let partners: Vec<i64> = printed.iter().map(|one| one.partner_id).collect();
    let parties: Parties = owner.ask(Call::new("res.partner", "_for_report", "".into()).with("ids", &partners)).await?;
    let documents: Vec<Document> = printed.iter().map(|one| document(one, &parties, is_order)).collect();
    owner.drawn(move || report::render(&documents)).await
}

fn read(row: Map<String, Json>) -> Result<Printed, Fault> {
    serde_json::from_value(Json::Object(row)).map_err(|error| service::our_fault("crm", "a record can't be printed", &error))
}

/// A text that is set.
fn text(json: &Json) -> Option<&str> {
    json.as_str().filter(|text| !text.is_empty())
}

/// A day, of a date or of a moment as Odoo's add-on writes it.
fn day(json: &Json) -> Option<NaiveDate> {
    let text = text(json)?;
    let moment = NaiveDateTime::parse_from_str(text, "%Y-%m-%d-%H-%M").map(|moment| moment.date());
    NaiveDate::parse_from_str(text, "%Y-%m-%d").or(moment).ok()
}

fn document(one: &Printed, parties: &Parties, is_order: bool) -> Document {
    let is_refund = one.move_type == "out_refund";
    let (title, the_document) = match (is_order, is_refund) {
        (true, _) => ("Facture pro forma", "la présente facture pro forma"),
        (_, true) => ("Avoir", "le présent avoir"),
        _ => ("Facture", "la présente facture"),
    };
    let agreed = if is_refund { "Arrêté" } else { "Arrêtée" };
    let mut facts = Vec::new();
    let mut fact = |label: &str, value: Option<String>| facts.extend(value.map(|value| (label.to_owned(), value)));
    fact("Date", day(&one.date_order).map(report::date));
    fact("Commande", text(&one.invoice_origin).map(str::to_owned));
    fact("Facture d'origine", text(&one.reference).filter(|_| is_refund).map(str::to_owned));
    fact("N° plateforme", Some(one.ek_order_id).filter(|number| *number != 0).map(|number| number.to_string()));
    fact("Banque", text(&one.order_source).map(str::to_owned));
    let included = one.lines.iter().all(|line| line.tax_included);
    let (unit, amount) = if included { ("P.U. TTC", "Montant TTC") } else { ("P.U. HT", "Montant HT") };
    let column = |title: &str, align, weight| Column { title: title.to_owned(), align, weight };
    let rows = one.lines.iter().map(|line| {
        vec![
            text(&line.manufacturer_ref).unwrap_or_default().to_owned(),
            line.name.clone(),
            report::quantity(line.quantity),
            report::amount(line.price_unit),
            format!("{} %", report::quantity(line.tax_rate)),
            report::amount(if included { line.price_total } else { line.price_subtotal }),
        ]
    });
    let mut taxes: BTreeMap<Decimal, Decimal> = BTreeMap::new();
    for line in &one.lines {
        *taxes.entry(line.tax_rate).or_default() += line.price_tax;
    }
    let mut totals = vec![("Total HT".to_owned(), report::money(one.amount_untaxed))];
    totals.extend(taxes.into_iter().rev().map(|(rate, due)| (format!("TVA {} %", report::quantity(rate)), report::money(due))));
    totals.push(("Total TTC".to_owned(), report::money(one.amount_total)));
    let mut notes: Vec<String> = text(&one.note).map(str::to_owned).into_iter().collect();
    let address: Vec<&str> = [&one.delivery_street, &one.delivery_street2, &one.delivery_state].into_iter().filter_map(text).collect();
    if !address.is_empty() {
        notes.push(format!("Adresse de livraison : {}", address.join(", ")));
    }
    if is_order {
        notes.push("Document établi à titre d'information : il ne tient pas lieu de facture.".to_owned());
    }
    Document {
        title: title.to_owned(),
        number: one.name.clone(),
        facts,
        issuer: parties.company(),
        recipient_label: "Client".to_owned(),
        recipient: parties.partner(one.partner_id),
        columns: vec![
            column("Référence", Align::Left, 2.2),
            column("Désignation", Align::Left, 4.6),
            column("Qté", Align::Right, 0.9),
            column(unit, Align::Right, 1.9),
            column("TVA", Align::Right, 1.0),
            column(amount, Align::Right, 2.1),
        ],
        rows: rows.collect(),
        totals,
        in_words: Some(format!("{agreed} {the_document} à la somme de : {}.", report::in_words(one.amount_total))),
        notes,
        signatures: Vec::new(),
    }
}
