//! What stock prints: delivery slips, receipts, transfer slips.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use crm_contract::{DeliveriesOf, Delivery};
use domain::Identity;
use jsonrpc::{Fault, Reply};
use partners_contract::{ForReport, Paper, Parties};
use records::{Model, sql};
use report::{Align, Column, Document, Party};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use service::{Owner, metrics};

use crate::Stock;

const QUERY: &str = "{id, name, origin, state, picking_type_code, partner_id, sale_id, return_id{name}, backorder_id{name}, scheduled_date, \
    date_done, note, location_id{complete_name, warehouse_id{name, partner_id}}, location_dest_id{complete_name, warehouse_id{name, partner_id}}}";

/// A picking as it is printed. What is not set reads `false`.
#[derive(Deserialize)]
struct Printed {
    id: i64,
    name: String,
    origin: Json,
    state: String,
    picking_type_code: String,
    partner_id: Json,
    sale_id: Json,
    return_id: Map<String, Json>,
    backorder_id: Map<String, Json>,
    scheduled_date: Json,
    date_done: Json,
    note: Json,
    location_id: Place,
    location_dest_id: Place,
}

#[derive(Deserialize)]
struct Place {
    complete_name: Json,
    warehouse_id: Map<String, Json>,
}

/// What a picking's paper says beside its record.
#[derive(Deserialize)]
struct Aside {
    id: i64,
    /// When it was done: its parties are printed as they were then.
    at: Option<String>,
    bank: Option<i64>,
    lines: Vec<Line>,
}

/// What was asked for and what became of it, when the picking was done. What was left is in its backorders, and stays the same
/// whatever becomes of them.
#[derive(Deserialize)]
struct Line {
    name: String,
    manufacturer_ref: String,
    asked: Decimal,
    done: Decimal,
    rest: Decimal,
    reserved: Decimal,
}

impl Place {
    /// Its warehouse's point of sale.
    fn pos(&self) -> Option<i64> {
        self.warehouse_id.get("partner_id")?.as_i64()
    }

    fn party(&self, parties: &Parties) -> Party {
        let own = || {
            let name = self.warehouse_id.get("name").and_then(Json::as_str);
            Party { name: name.or(self.complete_name.as_str()).unwrap_or_default().to_owned(), ..Party::default() }
        };
        self.pos().and_then(|pos| report::partner(parties, pos)).unwrap_or_else(own)
    }
}

/// Where the goods of orders' pickings go, by picking.
async fn deliveries(owner: &Owner<Stock>, papers: &[(Printed, Aside)]) -> Result<BTreeMap<i64, Delivery>, Fault> {
    let of_orders = || papers.iter().filter_map(|(one, aside)| Some((one.id, one.sale_id.as_i64()?, aside.at.clone().unwrap_or_default())));
    if of_orders().next().is_none() {
        return Ok(BTreeMap::new());
    }
    let orders: Vec<i64> = of_orders().map(|(_, order, _)| order).collect();
    let moments: Vec<String> = of_orders().map(|(.., at)| at).collect();
    let deliveries = owner.ask(&DeliveriesOf { orders, moments }, None).await?;
    one_each("crm", "deliveries", deliveries.len(), of_orders().count())?;
    Ok(of_orders().map(|(picking, ..)| picking).zip(deliveries).collect())
}

/// That another service answered for each of what it was asked for.
fn one_each(of: &str, what: &str, answered: usize, asked: usize) -> Result<(), Fault> {
    match answered == asked {
        true => Ok(()),
        false => Err(service::our_fault("stock", "two services disagree", &format!("{of} answers {answered} {what} of {asked}"))),
    }
}

/// The PDF of these pickings, as far as the user sees them.
///
/// # Errors
/// 404 for one that does not exist for the user.
pub async fn report(owner: &Owner<Stock>, identity: &Identity, model: &Model, name: &str, ids: &[i64]) -> Result<Reply, Fault> {
    let rows = owner.records(identity, model, ids, QUERY).await?;
    let printed = rows.into_iter().map(read::<Printed>).collect::<Result<Vec<_>, _>>()?;
    let asides: Vec<Aside> = owner.database.read(sql!("printed/asides.sql", ids.to_vec())).await?;
    let mut asides: BTreeMap<i64, Aside> = asides.into_iter().map(|aside| (aside.id, aside)).collect();
    let papers = printed
        .into_iter()
        .map(|one| asides.remove(&one.id).map(|aside| (one, aside)).ok_or_else(Fault::busy))
        .collect::<Result<Vec<_>, _>>()?;
    let wanted = |(one, aside): &(Printed, Aside)| {
        let partners = [one.partner_id.as_i64(), one.location_id.pos(), one.location_dest_id.pos()];
        Paper { at: aside.at.clone(), bank: aside.bank, posted: false, partners: partners.into_iter().flatten().collect() }
    };
    let wanted = ForReport { identity: identity.clone(), papers: papers.iter().map(wanted).collect() };
    let (parties, mut deliveries) = tokio::try_join!(owner.ask(&wanted, None), deliveries(owner, &papers))?;
    one_each("partners", "parties", parties.len(), papers.len())?;
    let is_slip = name == "stock.report_deliveryslip";
    let documents = papers
        .iter()
        .zip(&parties)
        .map(|((one, aside), parties)| document(one, aside, parties, deliveries.remove(&one.id).unwrap_or_default(), is_slip))
        .collect::<Result<Vec<_>, _>>()?;
    owner
        .drawn(move || {
            let printed = report::render(&documents)?;
            metrics::UNPRINTABLE.with_label_values(&["stock"]).inc_by(u64::try_from(printed.missing).unwrap_or(u64::MAX));
            Ok::<_, report::RenderError>(printed.pdf)
        })
        .await
}

fn read<T: DeserializeOwned>(row: Map<String, Json>) -> Result<T, Fault> {
    serde_json::from_value(Json::Object(row)).map_err(|error| unprintable(&error))
}

fn unprintable(error: &dyn std::fmt::Display) -> Fault {
    service::our_fault("stock", "a picking can't be printed", error)
}

fn text(json: &Json) -> Option<&str> {
    json.as_str().filter(|text| !text.is_empty())
}

fn document(one: &Printed, aside: &Aside, parties: &Parties, delivery: Delivery, is_slip: bool) -> Result<Document, Fault> {
    let client = || one.partner_id.as_i64().map(|id| report::client(parties, id));
    let place = |place: &Place| Some(place.party(parties));
    let is_return = one.return_id.get("name").is_some_and(Json::is_string);
    let (title, label, recipient, signatures): (_, _, _, &[&str]) = match one.picking_type_code.as_str() {
        "incoming" if is_return => ("Bon de retour", "Client", client(), &["Le client", "Le magasinier"]),
        "incoming" => ("Bon de réception", "Point de réception", place(&one.location_dest_id), &["Le livreur", "Le magasinier"]),
        "internal" => ("Bon de transfert", "Destination", place(&one.location_dest_id), &["L'expéditeur", "Le destinataire"]),
        _ if is_slip => ("Bon de livraison", "Client", client(), &["Le livreur", "Le client"]),
        _ => ("Bon de préparation", "Client", client(), &["Le magasinier", "Le livreur"]),
    };
    let is_done = one.state == "done";
    let date = match text(if is_done { &one.date_done } else { &one.scheduled_date }) {
        Some(moment) => {
            let moment = NaiveDateTime::parse_from_str(moment, "%Y-%m-%d-%H-%M").map_err(|error| unprintable(&error))?;
            Some(report::date(report::day(moment.and_utc())))
        }
        None => None,
    };
    let mut facts = Vec::new();
    let mut fact = |label: &str, value: Option<String>| facts.extend(value.map(|value| (label.to_owned(), value)));
    fact(if is_done { "Date" } else { "Prévu le" }, date);
    fact("Document d'origine", text(&one.origin).map(str::to_owned));
    fact("N° plateforme", delivery.ek_order_id.map(|number| number.to_string()));
    fact("Retour de", one.return_id.get("name").and_then(Json::as_str).map(str::to_owned));
    fact("Reliquat de", one.backorder_id.get("name").and_then(Json::as_str).map(str::to_owned));
    fact("De", place(&one.location_id).map(|from| from.name).filter(|_| one.picking_type_code != "incoming"));
    fact("Vers", place(&one.location_dest_id).map(|to| to.name).filter(|_| one.picking_type_code != "outgoing"));
    let mut recipients: Vec<(String, Party)> = recipient.into_iter().map(|party| (label.to_owned(), party)).collect();
    recipients.extend(report::recipient(&delivery, one.partner_id.as_i64().and_then(|id| report::telephone(parties, id))));
    // What is done is told; until then what is put aside is, or there is room to write
    let (done, rest) = match one.picking_type_code.as_str() {
        "incoming" => ("Qté reçue", "Reste à recevoir"),
        "internal" if is_done => ("Qté transférée", "Reste à transférer"),
        "outgoing" if is_done => ("Qté livrée", "Reste à livrer"),
        "internal" => ("Qté réservée", "Reste à transférer"),
        _ => ("Qté réservée", "Reste à livrer"),
    };
    let told = |line: &Line| match (is_done, one.picking_type_code.as_str()) {
        _ if one.state == "cancel" => Some((Decimal::ZERO, Decimal::ZERO)),
        (true, _) => Some((line.done, line.rest)),
        (false, "incoming") => None,
        (false, _) => Some((line.reserved, line.asked - line.reserved)),
    };
    let rows = aside.lines.iter().map(|line| {
        let [done, rest] = told(line).map_or([const { String::new() }; 2], |(done, rest)| [done, rest].map(report::quantity));
        vec![line.manufacturer_ref.clone(), line.name.clone(), report::quantity(line.asked), done, rest]
    });
    let pieces: Decimal = aside.lines.iter().map(|line| if is_done { line.done } else { line.asked }).sum();
    let missing: Decimal = aside.lines.iter().filter_map(told).map(|(_, rest)| rest).sum();
    let mut totals = vec![("Nombre de pièces".to_owned(), report::quantity(pieces))];
    if missing > Decimal::ZERO {
        totals.insert(0, (rest.to_owned(), report::quantity(missing)));
    }
    let column = |title: &str, align, weight| Column { title: title.to_owned(), align, weight };
    Ok(Document {
        title: title.to_owned(),
        number: one.name.clone(),
        facts,
        issuer: report::company(parties),
        recipients,
        columns: vec![
            column("Référence", Align::Left, 2.3),
            column("Désignation", Align::Left, 5.0),
            column("Qté demandée", Align::Right, 1.4),
            column(done, Align::Right, 1.4),
            column(rest, Align::Right, 1.4),
        ],
        rows: rows.collect(),
        totals,
        in_words: None,
        notes: text(&one.note).map(str::to_owned).into_iter().collect(),
        signatures: signatures.iter().map(|title| (*title).to_owned()).collect(),
        void: (one.state == "cancel").then(|| "ANNULÉ".to_owned()),
    })
}
