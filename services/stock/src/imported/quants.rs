//! One inventory from another Odoo: what is at a warehouse becomes that through the ledger, as a count does. Nothing is reserved for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use domain::when;
use jsonrpc::Fault;
use jsonrpc::import::{Batch, Became, How, MOST, Misfit, Outcome, Record};
use records::values::{MAX_QUANTITY, Problems, content_hash, decimal, whole};
use records::write::Cause;
use records::{Exact, Failure, Tx, sql};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};
use service::Owner;

use super::{QUANTS, Read, places, refused, warehouses_of};
use crate::stock_move::{self, Move, State};
use crate::stock_quant::{self, Key, lists};
use crate::stock_warehouse::{self, INVENTORY};
use crate::{Stock, documents, reservation, stock_picking};

/// The longest name of an Odoo, in characters.
const LONGEST: usize = 64;
/// What the ledger says of it.
const ORIGIN: &str = "Import";
/// The fields that a quantity comes with.
const KNOWN: &[&str] = &["product_id", "product_name", "manufacturer_ref", "quantity", "place"];

/// A quantity, read.
struct Brought<'r> {
    record: &'r Record,
    product_id: i64,
    name: String,
    manufacturer_ref: String,
    /// What is there from now on: never less than nothing.
    quantity: Decimal,
    /// What was said of it, where that was less.
    said: Option<Decimal>,
    warehouse: i64,
    is_returns: bool,
    location: Option<i64>,
    digest: String,
    outcome: Option<Outcome>,
}

impl Brought<'_> {
    fn key(&self) -> Option<Key> {
        Some((self.product_id, self.location?))
    }

    fn take(&mut self, record_id: Option<i64>, how: How) {
        self.outcome = Some(Outcome::Taken { record_id, digest: self.digest.clone(), how });
    }

    fn refuse(&mut self, misfit: Misfit, reason: &str, record_id: Option<i64>, odoo: Option<(String, i64)>) {
        self.outcome = Some(Outcome::Refused { misfit, reason: reason.to_owned(), record_id, odoo });
    }
}

/// How much is at a place, and what an import knows of it.
#[derive(QueryableByName)]
struct There {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    product: i64,
    #[diesel(sql_type = BigInt)]
    location: i64,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    quantity: Decimal,
    #[diesel(sql_type = BigInt)]
    last_line: i64,
    #[diesel(sql_type = Nullable<Text>)]
    source: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    brought: Option<i64>,
}

/// A quantity that was taken before.
#[derive(QueryableByName)]
struct Bound {
    #[diesel(sql_type = BigInt)]
    odoo_id: i64,
    #[diesel(sql_type = BigInt)]
    record_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    digest: Option<String>,
}

/// Takes a batch of quantities.
///
/// # Errors
/// 422 for a batch that is none, 503 where the database is away: nothing of it is stored then.
pub(super) async fn import(owner: &Owner<Stock>, batch: Batch, traceparent: Option<&String>) -> Result<Vec<Became>, Fault> {
    let ids: BTreeSet<i64> = batch.records.iter().map(|record| record.odoo_id).collect();
    let is_id = |id: &i64| (1..=i64::from(i32::MAX)).contains(id);
    let is_sound = (1..=LONGEST).contains(&batch.source.chars().count()) && batch.records.len() <= MOST;
    if !is_sound || ids.len() < batch.records.len() || !ids.iter().all(is_id) {
        return Err(Fault::validation(format!(
            "A batch has a source of 1 to {LONGEST} characters, and {MOST} records at most, each with an id of its own."
        )));
    }
    let batch = Arc::new(batch);
    owner
        .transact(traceparent, |tx| {
            let batch = batch.clone();
            Box::pin(async move {
                tx.author.cause = Cause::Import;
                take(tx, &batch).await
            })
        })
        .await
}

async fn take(tx: &mut Tx<'_>, batch: &Batch) -> Result<Vec<Became>, Failure> {
    tx.run(sql!("alone.sql", QUANTS)).await?;
    let mut all: Vec<Read<Brought<'_>>> = batch.records.iter().map(read).collect();
    let wanted: BTreeSet<i64> = all.iter().flatten().map(|one| one.warehouse).collect();
    let known = warehouses_of(tx, &batch.source, wanted).await?;
    let here = if batch.dry { BTreeSet::new() } else { known.values().copied().collect() };
    let places = places(tx, here).await?;
    let mut first: BTreeMap<(i64, i64, bool), i64> = BTreeMap::new();
    for one in all.iter_mut().flatten() {
        let warehouse = known.get(&one.warehouse).copied();
        match warehouse.and_then(|id| places.get(&id)) {
            Some(place) => one.location = Some(if one.is_returns { place.returns } else { place.stock }),
            None if batch.dry => {}
            None => {
                let odoo = Some((super::WAREHOUSES.to_owned(), one.warehouse));
                one.refuse(Misfit::Link, "Its warehouse was not taken.", None, odoo);
                continue;
            }
        }
        let id = one.record.odoo_id;
        let place = (one.product_id, warehouse.unwrap_or(-one.warehouse), one.is_returns);
        let holder = *first.entry(place).or_insert(id);
        if holder != id {
            one.refuse(Misfit::Key, "Another record of this batch is of the same product there.", None, Some((QUANTS.to_owned(), holder)));
        }
    }
    if batch.dry {
        all.iter_mut().flatten().filter(|one| one.outcome.is_none()).for_each(|one| one.take(None, How::Made));
    } else {
        store(tx, batch, &mut all).await?;
    }
    Ok(all.into_iter().map(|one| one.map_or_else(|refused| *refused, became)).collect())
}

fn became(one: Brought<'_>) -> Became {
    let reason = "It was not taken.".to_owned();
    let none = Outcome::Refused { misfit: Misfit::Value, reason, record_id: None, odoo: None };
    let told = one.said.map(|said| format!("{said} were there: less than nothing is 0 here."));
    let outcome = one.outcome.unwrap_or(none);
    let told = told.filter(|_| matches!(outcome, Outcome::Taken { .. }));
    Became { odoo_id: one.record.odoo_id, outcome, told, parts: Vec::new() }
}

/// What a record says.
fn read(record: &Record) -> Read<Brought<'_>> {
    let mut problems = Problems::default();
    documents::only(&record.values, QUANTS, KNOWN, &mut problems);
    let product_id = record.values.get("product_id").and_then(whole).filter(|id| *id > 0);
    if product_id.is_none() {
        problems.add("Field 'product_id' of stock.quant is required: the id of a configuration");
    }
    let name = super::text(&record.values, QUANTS, "product_name", 500, &mut problems);
    let manufacturer_ref = super::text(&record.values, QUANTS, "manufacturer_ref", 254, &mut problems);
    let most = Decimal::from(MAX_QUANTITY);
    let quantity = record.values.get("quantity").and_then(decimal).map(|amount| amount.round_dp(3)).filter(|amount| amount.abs() < most);
    if quantity.is_none() {
        problems.add("Field 'quantity' of stock.quant is required: a number");
    }
    let is_returns = super::is_returns(&record.values, "place", &mut problems);
    let warehouse = super::one_link(record, "warehouse_id", &mut problems);
    if record.links.len() > 1 || !record.parts.is_empty() {
        problems.add("A stock.quant has one link, and no parts");
    }
    let write_date = record.write_date.as_deref().map(when::moment);
    if write_date == Some(None) {
        problems.add("Its write_date is no moment");
    }
    problems.check().map_err(|fault| refused(record, Misfit::Value, fault.message))?;
    let (Some(product_id), Some(quantity), Some(warehouse)) = (product_id, quantity, warehouse) else {
        return Err(refused(record, Misfit::Value, "It can't be read."));
    };
    let of = json!({"product": product_id, "quantity": quantity.normalize().to_string(), "warehouse": warehouse, "returns": is_returns});
    Ok(Brought {
        record,
        product_id,
        name,
        manufacturer_ref,
        quantity: quantity.max(Decimal::ZERO),
        said: quantity.is_sign_negative().then_some(quantity.normalize()).filter(|said| !said.is_zero()),
        warehouse,
        is_returns,
        location: None,
        digest: content_hash(&Map::from_iter([("record".to_owned(), of)])),
        outcome: None,
    })
}

async fn store(tx: &mut Tx<'_>, batch: &Batch, all: &mut [Read<Brought<'_>>]) -> Result<(), Failure> {
    let open = || all.iter().flatten().filter(|one| one.outcome.is_none());
    let keys: Vec<Key> = open().filter_map(Brought::key).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let (products, locations) = lists(keys.iter().copied());
    stock_warehouse::lock(tx, locations.clone()).await?;
    let rows: Vec<Move> = open().filter_map(to_be_there).collect();
    stock_quant::open(tx, &rows).await?;
    let there: Vec<There> = tx.rows(sql!("there.sql", products, locations)).await?;
    let there: BTreeMap<Key, There> = there.into_iter().map(|one| ((one.product, one.location), one)).collect();
    let ids: Vec<i64> = open().map(|one| one.record.odoo_id).collect();
    let bound: Vec<Bound> = tx.rows(sql!("bound.sql", batch.source.as_str(), QUANTS, ids)).await?;
    let bound: BTreeMap<i64, Bound> = bound.into_iter().map(|one| (one.odoo_id, one)).collect();

    let (mut moves, mut lower) = (Vec::new(), Vec::new());
    for one in all.iter_mut().flatten().filter(|one| one.outcome.is_none()) {
        let Some((key, row)) = one.key().and_then(|key| Some((key, there.get(&key)?))) else { return Err(Fault::busy().into()) };
        let before = bound.get(&one.record.odoo_id);
        let id = Some(row.id);
        match (&row.source, row.brought) {
            _ if before.is_some_and(|before| before.digest.as_ref() == Some(&one.digest) && before.record_id == row.id) => {
                one.take(id, How::Same);
                continue;
            }
            (Some(source), _) if *source != batch.source => {
                one.refuse(Misfit::Key, "Its quantity here came from another Odoo.", id, None);
                continue;
            }
            (Some(_), brought) if brought != Some(row.last_line) => {
                one.refuse(Misfit::Changed, "Goods came or went here since it was taken.", id, None);
                continue;
            }
            (None, _) if row.last_line > 0 && one.record.merge => {
                one.take(id, How::Merged);
                continue;
            }
            (None, _) if row.last_line > 0 => {
                one.refuse(Misfit::Key, "Goods are here already that came from no Odoo.", id, None);
                continue;
            }
            (None, _) => one.take(id, How::Made),
            (Some(_), _) => one.take(id, How::Changed),
        }
        let difference = one.quantity - row.quantity;
        lower.push((key, one.quantity));
        if !difference.is_zero() {
            moves.extend(to_be_there(one).map(|made| moved(made, difference)));
        }
    }
    // Where less is there than is reserved, the newest reservations are given up
    let touched = reservation::keep_within(tx, &lower).await?;
    stock_move::insert_done(tx, moves).await?;
    stock_picking::refresh(tx, touched).await?;
    note(tx, batch, all).await
}

/// The product at its place, as a move to there names it.
fn to_be_there(one: &Brought<'_>) -> Option<Move> {
    Some(Move {
        name: one.name.clone(),
        product_id: one.product_id,
        manufacturer_ref: one.manufacturer_ref.clone(),
        location_id: INVENTORY,
        location_dest_id: one.location?,
        origin: Some(ORIGIN.to_owned()),
        ..Move::default()
    })
}

/// The move that makes the difference.
fn moved(to: Move, difference: Decimal) -> Move {
    let quantity = difference.abs();
    let (from, dest) = match difference.is_sign_positive() {
        true => (to.location_id, to.location_dest_id),
        false => (to.location_dest_id, to.location_id),
    };
    let state = State::Done;
    Move { product_uom_qty: quantity, quantity_done: quantity, state, location_id: from, location_dest_id: dest, ..to }
}

/// Notes where the ledger ends at what was taken, and which rows these are.
async fn note(tx: &mut Tx<'_>, batch: &Batch, all: &[Read<Brought<'_>>]) -> Result<(), Failure> {
    let (mut brought, mut rows) = (Vec::new(), Vec::new());
    for one in all.iter().flatten() {
        let Some(Outcome::Taken { record_id: Some(id), how, digest }) = &one.outcome else { continue };
        if matches!(how, How::Made | How::Changed) {
            brought.push(*id);
        }
        let moment = one.record.write_date.as_deref().and_then(when::moment).map(|moment| moment.to_rfc3339());
        rows.push(json!({"odoo_id": one.record.odoo_id, "record_id": id, "write_date": moment, "digest": digest}));
    }
    tx.run(sql!("brought.sql", brought, batch.source.as_str())).await?;
    tx.run(sql!("bind.sql", batch.source.as_str(), QUANTS, Json::from(rows).to_string())).await.map(drop)
}
