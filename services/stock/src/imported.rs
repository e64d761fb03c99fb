//! What stock takes from another Odoo: warehouses, quantities, purchases, open transfers. Nothing is reserved, nothing moves but what an
//! inventory moves, and no number is given.

mod pickings;
mod purchases;
mod quants;
mod warehouses;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use jsonrpc::Fault;
use jsonrpc::import::{Batch, Became, Misfit, Outcome, Record};
use records::values::{Problems, is_unset};
use records::{Failure, Tx, sql};
use serde_json::{Map, Value as Json};
use service::{Answers, Owner};
use stock_contract::Import;

use crate::{Stock, stock_warehouse};

const WAREHOUSES: &str = "stock.warehouse";
const QUANTS: &str = "stock.quant";
const PURCHASES: &str = "purchase.order";
const PICKINGS: &str = "stock.picking";

impl Answers<Import> for Stock {
    async fn answer(owner: &Owner<Self>, Import(batch): Import, traceparent: Option<&String>) -> Result<Vec<Became>, Fault> {
        match batch.model.as_str() {
            WAREHOUSES => warehouses::import(owner, batch, traceparent).await,
            QUANTS => quants::import(owner, batch, traceparent).await,
            PURCHASES => purchases::import(owner, batch, traceparent).await,
            PICKINGS => pickings::import(owner, batch, traceparent).await,
            other => Err(Fault::validation(format!("No records of {} are taken.", records::model::clip(other)))),
        }
    }
}

/// What a record says; else why it is refused.
type Read<T> = Result<T, Box<Became>>;

/// A record that is refused.
fn refused(record: &Record, misfit: Misfit, reason: impl Into<String>) -> Box<Became> {
    let outcome = Outcome::Refused { misfit, reason: reason.into(), record_id: None, odoo: None };
    Box::new(Became { odoo_id: record.odoo_id, outcome, told: None, parts: Vec::new() })
}

/// A record that refers to one that was not taken.
fn unlinked(record: &Record, model: &str, id: i64) -> Box<Became> {
    let reason = format!("It refers to {model} {id} there, which was not taken.");
    let outcome = Outcome::Refused { misfit: Misfit::Link, reason, record_id: None, odoo: Some((model.to_owned(), id)) };
    Box::new(Became { odoo_id: record.odoo_id, outcome, told: None, parts: Vec::new() })
}

/// What the engine makes of those that were read, among those that were refused before; in the order of the batch.
async fn through<F>(batch: Batch, read: Vec<Read<Record>>, engine: impl FnOnce(Batch) -> F) -> Result<Vec<Became>, Fault>
where
    F: Future<Output = Result<Vec<Became>, Fault>>,
{
    let (mut records, mut order) = (Vec::new(), Vec::new());
    for one in read {
        order.push(one.map(|record| records.push(record)));
    }
    let mut became = engine(Batch { records, ..batch }).await?.into_iter();
    let missing = || service::our_fault("stock", "fewer records were answered than were given", &"the engine's answer");
    order.into_iter().map(|one| one.map_or_else(|refused| Ok(*refused), |()| became.next().ok_or_else(missing))).collect()
}

/// The text that a field says, which it must.
fn text(values: &Map<String, Json>, model: &str, field: &str, most: usize, problems: &mut Problems) -> String {
    let said = values.get(field).and_then(Json::as_str).map(str::trim).filter(|said| (1..=most).contains(&said.chars().count()));
    if said.is_none() {
        problems.add(format!("Field '{field}' of {model} is required: a text of 1 to {most} characters"));
    }
    said.unwrap_or_default().to_owned()
}

/// Whether a place is where goods stand that came back; by default it is where they are sold.
fn is_returns(values: &Map<String, Json>, field: &str, problems: &mut Problems) -> bool {
    match values.get(field) {
        None => false,
        Some(unset) if is_unset(unset) => false,
        Some(Json::String(place)) if place == "stock" => false,
        Some(Json::String(place)) if place == "returns" => true,
        Some(other) => {
            problems.add(format!("Wrong value for {field}: {} ('stock' or 'returns' expected)", crate::documents::shown(other)));
            false
        }
    }
}

/// The one record there that a field refers to, which it must.
fn one_link(record: &Record, field: &str, problems: &mut Problems) -> Option<i64> {
    match record.links.get(field).map(Vec::as_slice) {
        Some([id]) => Some(*id),
        _ => {
            problems.add(format!("Field '{field}' is required: a link to one record"));
            None
        }
    }
}

/// A record that was taken: its id there and here.
#[derive(QueryableByName)]
struct Bound {
    #[diesel(sql_type = BigInt)]
    odoo_id: i64,
    #[diesel(sql_type = BigInt)]
    record_id: i64,
}

/// Which warehouses here those of an Odoo are.
async fn warehouses_of(tx: &mut Tx<'_>, source: &str, wanted: BTreeSet<i64>) -> Result<BTreeMap<i64, i64>, Failure> {
    let wanted: Vec<i64> = wanted.into_iter().collect();
    let bound: Vec<Bound> = tx.rows(sql!("imported/bound.sql", source, WAREHOUSES, wanted)).await?;
    Ok(bound.into_iter().map(|one| (one.odoo_id, one.record_id)).collect())
}

/// A warehouse with where its goods are, sold or come back, and what is done there.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    partner: Option<i64>,
    stock: i64,
    returns: i64,
    incoming: i64,
    outgoing: i64,
    internal: i64,
}

/// Warehouses by their ids.
async fn places(tx: &mut Tx<'_>, ids: BTreeSet<i64>) -> Result<BTreeMap<i64, Place>, Failure> {
    let known = stock_warehouse::of_ids(tx, ids.iter().copied().collect()).await?;
    let mut places = BTreeMap::new();
    for warehouse in ids.iter().filter_map(|id| known.get(*id)) {
        let returns = stock_warehouse::returns(tx, warehouse).await?;
        let stock_warehouse::Warehouse { id, partner, stock, incoming, outgoing, internal, .. } = *warehouse;
        places.insert(id, Place { partner, stock, returns, incoming, outgoing, internal });
    }
    Ok(places)
}

/// Whether nothing of what records refer to is here yet: in a rehearsal, not where what came is verified.
fn guesses(batch: &Batch) -> bool {
    batch.dry && !batch.verify
}

/// The warehouses that records refer to, by their ids there. A rehearsal knows none.
async fn places_there(
    owner: &Owner<Stock>,
    batch: &Batch,
    fields: &[&str],
    traceparent: Option<&String>,
) -> Result<BTreeMap<i64, Place>, Fault> {
    let links = batch.records.iter().flat_map(|record| fields.iter().filter_map(|field| record.links.get(*field)).flatten());
    let wanted: Arc<(String, BTreeSet<i64>)> = Arc::new((batch.source.clone(), links.copied().collect()));
    if guesses(batch) || wanted.1.is_empty() {
        return Ok(BTreeMap::new());
    }
    owner
        .transact(traceparent, |tx| {
            let wanted = wanted.clone();
            Box::pin(async move {
                let (source, wanted) = &*wanted;
                let here = warehouses_of(tx, source, wanted.clone()).await?;
                let places = places(tx, here.values().copied().collect()).await?;
                Ok(here.into_iter().filter_map(|(there, id)| Some((there, *places.get(&id)?))).collect())
            })
        })
        .await
}
