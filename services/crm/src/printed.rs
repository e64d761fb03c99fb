//! What crm prints: pro formas of orders, invoices and credit notes.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveDateTime};
use crm_contract::{DeliveriesOf, Delivery};
use domain::Identity;
use jsonrpc::{Fault, Reply};
use partners_contract::{ForReport, Paper, Parties};
use records::values::is_unset;
use records::{Model, sql};
use report::{Align, Column, Document};
use rust_decimal::Decimal;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json};
use service::{Answers, Owner, metrics};

use crate::Crm;

const LINE: &str = "name, manufacturer_ref, tax_id, tax_rate, price_subtotal, price_tax, price_total";
/// What a line without tax is called where its tax has no words of its own.
const EXEMPT: &str = "Exonéré de TVA.";

/// An order, or an invoice, as it is printed.
#[derive(Deserialize)]
struct Printed {
    id: i64,
    #[serde(alias = "display_name")]
    name: String,
    partner_id: i64,
    #[serde(deserialize_with = "set")]
    order_source: Option<String>,
    state: String,
    /// Of an invoice; none of an order.
    move_type: Option<MoveType>,
    #[serde(alias = "invoice_date", deserialize_with = "day")]
    date_order: Option<NaiveDate>,
    #[serde(default, deserialize_with = "set")]
    invoice_origin: Option<String>,
    #[serde(default, rename = "ref", deserialize_with = "set")]
    reference: Option<String>,
    #[serde(default, deserialize_with = "set")]
    reason: Option<String>,
    #[serde(alias = "invoice_line_ids", rename = "order_line")]
    lines: Vec<Line>,
    amount_untaxed: Decimal,
    amount_total: Decimal,
    #[serde(alias = "narration", deserialize_with = "set")]
    note: Option<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
enum MoveType {
    #[serde(rename = "out_invoice")]
    Invoice,
    #[serde(rename = "out_refund")]
    CreditNote,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    #[serde(deserialize_with = "set")]
    manufacturer_ref: Option<String>,
    #[serde(alias = "product_uom_qty")]
    quantity: Decimal,
    #[serde(deserialize_with = "set")]
    tax_id: Option<i64>,
    tax_rate: Decimal,
    price_subtotal: Decimal,
    price_tax: Decimal,
    price_total: Decimal,
}

/// A field of a record: what is not set reads `false`, or is an empty text.
fn set<'de, D: Deserializer<'de>, T: DeserializeOwned>(field: D) -> Result<Option<T>, D::Error> {
    let field = Json::deserialize(field)?;
    if is_unset(&field) { Ok(None) } else { serde_json::from_value(field).map(Some).map_err(D::Error::custom) }
}

/// A day: a date's own, or that in Algiers of a moment as Odoo's add-on writes it.
fn day<'de, D: Deserializer<'de>>(field: D) -> Result<Option<NaiveDate>, D::Error> {
    let Some(text) = set::<D, String>(field)? else { return Ok(None) };
    let moment = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d-%H-%M").map(|moment| report::day(moment.and_utc()));
    moment.or_else(|_| NaiveDate::parse_from_str(&text, "%Y-%m-%d")).map(Some).map_err(D::Error::custom)
}

/// What a paper says beside its record, as it was when the paper was made for good.
#[derive(Deserialize)]
struct Aside {
    id: i64,
    /// That moment; none for an order, which prints what is now.
    at: Option<String>,
    bank: Option<i64>,
    /// The day of the invoice that a credit note is for.
    invoice_date: Option<NaiveDate>,
    delivery: Delivery,
    /// The law's words, by tax.
    legal: BTreeMap<i64, String>,
}

impl Answers<DeliveriesOf> for Crm {
    async fn answer(owner: &Owner<Self>, question: DeliveriesOf, _: Option<&String>) -> Result<Vec<Delivery>, Fault> {
        owner.database.read(sql!("printed/deliveries.sql", question.orders, question.moments)).await
    }
}

/// What stands beside these records on their papers.
async fn asides(owner: &Owner<Crm>, is_order: bool, ids: &[i64]) -> Result<Vec<Aside>, Fault> {
    let beside = if is_order { sql!("printed/beside_orders.sql", ids.to_vec()) } else { sql!("printed/beside_moves.sql", ids.to_vec()) };
    owner.database.read(beside).await
}

/// The PDF of these records, as far as the user sees them.
///
/// # Errors
/// 404 for a record that does not exist for the user.
pub async fn report(owner: &Owner<Crm>, identity: &Identity, model: &Model, ids: &[i64]) -> Result<Reply, Fault> {
    let is_order = model.name == "sale.order";
    let query = if is_order {
        format!(
            "{{id, name, partner_id, order_source, state, date_order, amount_untaxed, amount_total, note, order_line{{{LINE}, product_uom_qty}}}}"
        )
    } else {
        format!(
            "{{id, display_name, partner_id, order_source, state, move_type, invoice_date, invoice_origin, ref, reason, amount_untaxed, \
             amount_total, narration, invoice_line_ids{{{LINE}, quantity}}}}"
        )
    };
    let rows = owner.records(identity, model, ids, &query).await?;
    let printed = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let mut asides: BTreeMap<i64, Aside> = asides(owner, is_order, ids).await?.into_iter().map(|aside| (aside.id, aside)).collect();
    let papers = printed
        .into_iter()
        .map(|one| asides.remove(&one.id).map(|aside| (one, aside)).ok_or_else(Fault::busy))
        .collect::<Result<Vec<_>, _>>()?;
    let wanted = |(one, aside): &(Printed, Aside)| Paper {
        at: aside.at.clone(),
        bank: aside.bank,
        posted: !is_order,
        partners: vec![one.partner_id],
    };
    let wanted = ForReport { identity: identity.clone(), papers: papers.iter().map(wanted).collect() };
    let parties = owner.ask(&wanted, None).await?;
    if parties.len() != papers.len() {
        let differ = format!("{} of {}", parties.len(), papers.len());
        return Err(service::our_fault("crm", "partners does not tell the parties of each paper", &differ));
    }
    let documents: Vec<Document> = papers.iter().zip(&parties).map(|((one, aside), parties)| document(one, aside, parties)).collect();
    owner
        .drawn(move || {
            let printed = report::render(&documents)?;
            metrics::UNPRINTABLE.with_label_values(&["crm"]).inc_by(u64::try_from(printed.missing).unwrap_or(u64::MAX));
            Ok::<_, report::RenderError>(printed.pdf)
        })
        .await
}

fn read(row: Map<String, Json>) -> Result<Printed, Fault> {
    serde_json::from_value(Json::Object(row)).map_err(|error| unprintable(&error))
}

fn unprintable(error: &serde_json::Error) -> Fault {
    service::our_fault("crm", "a record can't be printed", error)
}

/// Per cent, as it is written: "19 %".
fn per_cent(rate: Decimal) -> String {
    format!("{}\u{a0}%", report::quantity(rate))
}

fn document(one: &Printed, aside: &Aside, parties: &Parties) -> Document {
    let (title, the_document, agreed, void) = match one.move_type {
        None => ("Facture pro forma", "la présente facture pro forma", "Arrêtée", "ANNULÉE"),
        Some(MoveType::Invoice) => ("Facture", "la présente facture", "Arrêtée", "ANNULÉE"),
        Some(MoveType::CreditNote) => ("Avoir", "le présent avoir", "Arrêté", "ANNULÉ"),
    };
    let is_refund = one.move_type == Some(MoveType::CreditNote);
    let date = one.date_order;
    let (method, days) = report::payment(parties);
    let mut facts = Vec::new();
    let mut fact = |label: &str, value: Option<String>| facts.extend(value.map(|value| (label.to_owned(), value)));
    fact("Date", date.map(report::date));
    fact("Facture d'origine", one.reference.clone().filter(|_| is_refund));
    fact("Date de la facture", aside.invoice_date.map(report::date));
    fact("Motif", one.reason.clone());
    fact("Commande", one.invoice_origin.clone());
    fact("N° plateforme", aside.delivery.ek_order_id.map(|number| number.to_string()));
    fact("Banque", one.order_source.clone());
    if !is_refund {
        fact("Mode de règlement", Some(method.unwrap_or("Virement bancaire").to_owned()));
    }
    if one.move_type == Some(MoveType::Invoice) {
        fact("Date de règlement", date.and_then(|date| date.checked_add_days(Days::new(days))).map(report::date));
    }
    let column = |title: &str, align, weight| Column { title: title.to_owned(), align, weight };
    let rows = one.lines.iter().map(|line| {
        vec![
            line.manufacturer_ref.clone().unwrap_or_default(),
            line.name.clone(),
            report::quantity(line.quantity),
            report::price(line.price_subtotal, line.quantity),
            report::amount(line.price_subtotal),
            per_cent(line.tax_rate),
            report::amount(line.price_total),
        ]
    });
    // What is taxed at each rate, and its tax
    let mut taxes: BTreeMap<Decimal, (Decimal, Decimal)> = BTreeMap::new();
    for line in &one.lines {
        let (base, due) = taxes.entry(line.tax_rate.normalize()).or_default();
        (*base, *due) = (*base + line.price_subtotal, *due + line.price_tax);
    }
    let mixed = taxes.len() > 1;
    let mut totals = vec![("Total HT".to_owned(), report::money(one.amount_untaxed))];
    totals.extend(taxes.iter().rev().map(|(rate, (base, due))| {
        let of = if mixed { format!(" sur {}", report::amount(*base)) } else { String::new() };
        (format!("TVA {}{of}", per_cent(*rate)), report::money(*due))
    }));
    totals.push(("Total TTC".to_owned(), report::money(one.amount_total)));
    let mut notes: Vec<String> = one.note.iter().cloned().collect();
    notes.extend(legal(&one.lines, &aside.legal));
    if one.move_type.is_none() {
        notes.push("Document établi à titre d'information : il ne tient pas lieu de facture.".to_owned());
    }
    let mut recipients = vec![("Client".to_owned(), report::client(parties, one.partner_id))];
    recipients.extend(report::recipient(&aside.delivery, report::telephone(parties, one.partner_id)));
    Document {
        title: title.to_owned(),
        number: one.name.clone(),
        facts,
        issuer: report::company(parties),
        recipients,
        columns: vec![
            column("Référence", Align::Left, 2.1),
            column("Désignation", Align::Left, 4.0),
            column("Qté", Align::Right, 0.8),
            column("P.U. HT", Align::Right, 1.6),
            column("Montant HT", Align::Right, 1.8),
            column("TVA", Align::Right, 0.9),
            column("Montant TTC", Align::Right, 1.8),
        ],
        rows: rows.collect(),
        totals,
        in_words: Some(format!("{agreed} {the_document} à la somme de : {}.", report::in_words(one.amount_total))),
        notes,
        signatures: vec!["Cachet et signature".to_owned()],
        void: (one.state == "cancel").then(|| void.to_owned()),
    }
}

/// The law's words for the taxes of these lines, each once.
fn legal(lines: &[Line], words: &BTreeMap<i64, String>) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for line in lines {
        let own = line.tax_id.and_then(|tax| words.get(&tax)).cloned();
        let words = own.or_else(|| line.tax_rate.is_zero().then(|| EXEMPT.to_owned()));
        notes.extend(words.filter(|words| !notes.contains(words)));
    }
    notes
}
