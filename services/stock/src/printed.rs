//! What stock prints: delivery slips, receipts, transfer slips.

use chrono::NaiveDateTime;
use domain::Identity;
use jsonrpc::{Call, Fault, Reply};
use records::Model;
use report::{Align, Column, Document, Parties, Party};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use service::Owner;

use crate::Stock;

const QUERY: &str = "{id, name, origin, state, picking_type_code, partner_id, return_id{name}, backorder_id{name}, scheduled_date, date_done, note, \
    location_id{complete_name, warehouse_id{name, partner_id}}, location_dest_id{complete_name, warehouse_id{name, partner_id}}, \
    move_ids{name, manufacturer_ref, product_uom_qty, quantity_done, state}}";

/// A picking as it is printed. What is not set reads `false`.
#[derive(Deserialize)]
struct Printed {
    name: String,
    origin: Json,
    state: String,
    picking_type_code: String,
    partner_id: Json,
    return_id: Map<String, Json>,
    backorder_id: Map<String, Json>,
    scheduled_date: Json,
    date_done: Json,
    note: Json,
    location_id: Place,
    location_dest_id: Place,
    move_ids: Vec<Moved>,
}

#[derive(Deserialize)]
struct Place {
    complete_name: Json,
    warehouse_id: Map<String, Json>,
}

#[derive(Deserialize)]
struct Moved {
    name: String,
    manufacturer_ref: Json,
    product_uom_qty: Decimal,
    quantity_done: Decimal,
    state: String,
}

impl Place {
    /// Its warehouse's point of sale.
    fn pos(&self) -> Option<i64> {
        self.warehouse_id.get("partner_id")?.as_i64()
    }

    fn label(&self) -> String {
        let name = self.warehouse_id.get("name").and_then(Json::as_str);
        name.or(self.complete_name.as_str()).unwrap_or_default().to_owned()
    }

    fn party(&self, parties: &Parties) -> Option<Party> {
        match self.pos() {
            Some(pos) => parties.partner(pos),
            None => Some(Party { name: self.label(), ..Party::default() }),
        }
    }
}

/// The PDF of these pickings, as far as the user sees them.
///
/// # Errors
/// 404 for one that does not exist for the user.
pub async fn report(owner: &Owner<Stock>, identity: &Identity, model: &Model, name: &str, ids: &[i64]) -> Result<Reply, Fault> {
    let rows = owner.records(identity, model, ids, QUERY).await?;
    let printed = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let partners = printed.iter().flat_map(|one| [one.partner_id.as_i64(), one.location_id.pos(), one.location_dest_id.pos()]);
    let partners: Vec<i64> = partners.flatten().collect();
    let parties: Parties = owner.ask(Call::new("res.partner", "_for_report", "".into()).with("ids", &partners)).await?;
    let is_slip = name == "stock.report_deliveryslip";
    let documents: Vec<Document> = printed.iter().map(|one| document(one, &parties, is_slip)).collect();
    owner.drawn(move || report::render(&documents)).await
}

fn read(row: Map<String, Json>) -> Result<Printed, Fault> {
    serde_json::from_value(Json::Object(row)).map_err(|error| service::our_fault("stock", "a picking can't be printed", &error))
}

fn text(json: &Json) -> Option<&str> {
    json.as_str().filter(|text| !text.is_empty())
}

fn document(one: &Printed, parties: &Parties, is_slip: bool) -> Document {
    let partner = || one.partner_id.as_i64().and_then(|id| parties.partner(id));
    let is_return = one.return_id.get("name").is_some_and(Json::is_string);
    let (title, label, recipient, signatures): (_, _, _, &[&str]) = match one.picking_type_code.as_str() {
        "incoming" if is_return => ("Bon de retour", "Client", partner(), &["Le client", "Le magasinier"]),
        "incoming" => ("Bon de réception", "Point de réception", one.location_dest_id.party(parties), &["Le livreur", "Le magasinier"]),
        "internal" => ("Bon de transfert", "Destination", one.location_dest_id.party(parties), &["L'expéditeur", "Le destinataire"]),
        _ if is_slip => ("Bon de livraison", "Client", partner(), &["Le livreur", "Le client"]),
        _ => ("Bon de préparation", "Client", partner(), &["Le magasinier", "Le livreur"]),
    };
    let date = |json: &Json| {
        text(json).and_then(|text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d-%H-%M").ok()).map(|at| report::date(at.date()))
    };
    let is_done = one.state == "done";
    let mut facts = Vec::new();
    let mut fact = |label: &str, value: Option<String>| facts.extend(value.map(|value| (label.to_owned(), value)));
    fact(if is_done { "Date" } else { "Prévu le" }, date(if is_done { &one.date_done } else { &one.scheduled_date }));
    fact("Document d'origine", text(&one.origin).map(str::to_owned));
    fact("Retour de", one.return_id.get("name").and_then(Json::as_str).map(str::to_owned));
    fact("Reliquat de", one.backorder_id.get("name").and_then(Json::as_str).map(str::to_owned));
    fact("De", Some(one.location_id.label()).filter(|_| one.picking_type_code != "incoming"));
    fact("Vers", Some(one.location_dest_id.label()).filter(|_| one.picking_type_code != "outgoing"));
    let column = |title: &str, align, weight| Column { title: title.to_owned(), align, weight };
    let moves: Vec<&Moved> = one.move_ids.iter().filter(|line| line.state != "cancel" || one.state == "cancel").collect();
    let rows = moves.iter().map(|line| {
        vec![
            text(&line.manufacturer_ref).unwrap_or_default().to_owned(),
            line.name.clone(),
            report::quantity(line.product_uom_qty),
            if is_done { report::quantity(line.quantity_done) } else { String::new() },
        ]
    });
    let pieces: Decimal = moves.iter().map(|line| if is_done { line.quantity_done } else { line.product_uom_qty }).sum();
    let moved = match one.picking_type_code.as_str() {
        "incoming" => "Qté reçue",
        "internal" => "Qté transférée",
        _ => "Qté livrée",
    };
    let mut notes: Vec<String> = text(&one.note).map(str::to_owned).into_iter().collect();
    if one.state == "cancel" {
        notes.push("Document annulé.".to_owned());
    }
    Document {
        title: title.to_owned(),
        number: one.name.clone(),
        facts,
        issuer: parties.company(),
        recipient_label: label.to_owned(),
        recipient,
        columns: vec![
            column("Référence", Align::Left, 2.4),
            column("Désignation", Align::Left, 5.6),
            column("Qté demandée", Align::Right, 1.6),
            column(moved, Align::Right, 1.6),
        ],
        rows: rows.collect(),
        totals: vec![("Nombre de pièces".to_owned(), report::quantity(pieces))],
        in_words: None,
        notes,
        signatures: signatures.iter().map(|title| (*title).to_owned()).collect(),
    }
}
