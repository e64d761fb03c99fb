//! What crm prints: pro formas of orders, invoices and credit notes.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveDateTime};
use crm_contract::{DeliveriesOf, Delivery};
use domain::Identity;
use jsonrpc::{Fault, Reply};
use partners_contract::{ForReport, Paper, Parties};
use records::{Model, Sql};
use report::{Align, Column, Document};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use service::{Answers, Owner, metrics};

use crate::Crm;

const LINE: &str = "name, manufacturer_ref, tax_id, tax_rate, price_subtotal, price_tax, price_total";
/// What a line without tax is called where its tax has no words of its own.
const EXEMPT: &str = "Exonéré de TVA.";

/// An order, or an invoice, as it is printed. What is not set reads `false`.
#[derive(Deserialize)]
struct Printed {
    id: i64,
    #[serde(alias = "display_name")]
    name: String,
    partner_id: i64,
    order_source: Json,
    state: String,
    #[serde(default)]
    move_type: String,
    #[serde(alias = "invoice_date")]
    date_order: Json,
    #[serde(default)]
    invoice_origin: Json,
    #[serde(default, rename = "ref")]
    reference: Json,
    #[serde(default)]
    reason: Json,
    #[serde(alias = "invoice_line_ids", rename = "order_line")]
    lines: Vec<Line>,
    amount_untaxed: Decimal,
    amount_total: Decimal,
    #[serde(alias = "narration")]
    note: Json,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    manufacturer_ref: Json,
    #[serde(alias = "product_uom_qty")]
    quantity: Decimal,
    tax_id: Json,
    tax_rate: Decimal,
    price_subtotal: Decimal,
    price_tax: Decimal,
    price_total: Decimal,
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

/// An order's [`Delivery`] in SQL, of the row `o` as it was `at` a moment; as it is without one.
fn delivery(at: &str) -> String {
    format!(
        "(SELECT json_build_object('ek_order_id', o.ek_order_id, 'street', p.delivery_street, 'street2', p.delivery_street2, \
         'state', p.delivery_state) FROM jsonb_populate_record(o, as_it_was('sale_order', o.id, {at})) p)"
    )
}

impl Answers<DeliveriesOf> for Crm {
    async fn answer(owner: &Owner<Self>, question: DeliveriesOf, _: Option<&String>) -> Result<Vec<Delivery>, Fault> {
        // Of a client who is to be forgotten only what is posted keeps more than is left
        let at = "CASE WHEN l.name = 'Panier effacé ' || l.id THEN NULL ELSE nullif(a.at, '')::timestamptz END";
        let mut sql = Sql::new(&format!("SELECT coalesce({}, '{{}}')::text FROM unnest(", delivery(at)));
        sql.bind(question.orders).push(", ").bind(question.moments);
        sql.push(") WITH ORDINALITY AS a(id, at, n) LEFT JOIN sale_order o ON o.id = a.id LEFT JOIN crm_lead l ON l.id = o.opportunity_id ORDER BY a.n");
        owner.database.read(sql).await
    }
}

/// What stands beside these records on their papers.
async fn asides(owner: &Owner<Crm>, is_order: bool, ids: &[i64]) -> Result<Vec<Aside>, Fault> {
    let legal = |lines: &str, at: &str| {
        format!(
            "(SELECT coalesce(json_object_agg(t.id, p.invoice_legal_notes), '{{}}') FROM account_tax t, \
             jsonb_populate_record(t, as_it_was('account_tax', t.id, {at})) p WHERE p.invoice_legal_notes <> '' AND t.id IN \
             (SELECT l.tax_id FROM {lines} AND l.deleted_at IS NULL))"
        )
    };
    let mut sql = if is_order {
        Sql::new(&format!(
            "SELECT json_build_object('id', o.id, 'delivery', {}, 'legal', {})::text FROM sale_order o WHERE o.id = ANY(",
            delivery("NULL"),
            legal("sale_order_line l WHERE l.order_id = o.id", "NULL")
        ))
    } else {
        Sql::new(&format!(
            "SELECT json_build_object('id', m.id, 'at', m.create_date::text, 'bank', m.bank_id, 'invoice_date', i.invoice_date, \
             'delivery', {}, 'legal', {})::text FROM account_move m LEFT JOIN sale_order o ON o.id = m.sale_id \
             LEFT JOIN account_move i ON i.id = m.reversed_entry_id WHERE m.id = ANY(",
            delivery("m.create_date"),
            legal("account_move_line l WHERE l.move_id = m.id", "m.create_date")
        ))
    };
    sql.bind(ids.to_vec()).push(")");
    owner.database.read(sql).await
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
    let documents: Vec<Document> =
        papers.iter().zip(&parties).map(|((one, aside), parties)| document(one, aside, parties, is_order)).collect();
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

/// A text that is set.
fn text(json: &Json) -> Option<&str> {
    json.as_str().filter(|text| !text.is_empty())
}

/// A day: a date's own, or that in Algiers of a moment as Odoo's add-on writes it.
fn day(json: &Json) -> Option<NaiveDate> {
    let text = text(json)?;
    let moment = NaiveDateTime::parse_from_str(text, "%Y-%m-%d-%H-%M").map(|moment| report::day(moment.and_utc()));
    NaiveDate::parse_from_str(text, "%Y-%m-%d").or(moment).ok()
}

/// Per cent, as it is written: "19 %".
fn per_cent(rate: Decimal) -> String {
    format!("{}\u{a0}%", report::quantity(rate))
}

fn document(one: &Printed, aside: &Aside, parties: &Parties, is_order: bool) -> Document {
    let is_refund = one.move_type == "out_refund";
    let (title, the_document) = match (is_order, is_refund) {
        (true, _) => ("Facture pro forma", "la présente facture pro forma"),
        (_, true) => ("Avoir", "le présent avoir"),
        _ => ("Facture", "la présente facture"),
    };
    let agreed = if is_refund { "Arrêté" } else { "Arrêtée" };
    let date = day(&one.date_order);
    let (method, days) = report::payment(parties);
    let mut facts = Vec::new();
    let mut fact = |label: &str, value: Option<String>| facts.extend(value.map(|value| (label.to_owned(), value)));
    fact("Date", date.map(report::date));
    fact("Facture d'origine", text(&one.reference).filter(|_| is_refund).map(str::to_owned));
    fact("Date de la facture", aside.invoice_date.map(report::date));
    fact("Motif", text(&one.reason).map(str::to_owned));
    fact("Commande", text(&one.invoice_origin).map(str::to_owned));
    fact("N° plateforme", aside.delivery.ek_order_id.map(|number| number.to_string()));
    fact("Banque", text(&one.order_source).map(str::to_owned));
    if !is_refund {
        fact("Mode de règlement", Some(method.unwrap_or("Virement bancaire").to_owned()));
    }
    if !is_order && !is_refund {
        fact("Date de règlement", date.and_then(|date| date.checked_add_days(Days::new(days))).map(report::date));
    }
    let column = |title: &str, align, weight| Column { title: title.to_owned(), align, weight };
    let rows = one.lines.iter().map(|line| {
        vec![
            text(&line.manufacturer_ref).unwrap_or_default().to_owned(),
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
    let mut notes: Vec<String> = text(&one.note).map(str::to_owned).into_iter().collect();
    notes.extend(legal(&one.lines, &aside.legal));
    if is_order {
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
        void: (one.state == "cancel").then(|| if is_refund { "ANNULÉ" } else { "ANNULÉE" }.to_owned()),
    }
}

/// The law's words for the taxes of these lines, each once.
fn legal(lines: &[Line], words: &BTreeMap<i64, String>) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for line in lines {
        let own = line.tax_id.as_i64().and_then(|tax| words.get(&tax)).cloned();
        let words = own.or_else(|| line.tax_rate.is_zero().then(|| EXEMPT.to_owned()));
        notes.extend(words.filter(|words| !notes.contains(words)));
    }
    notes
}
