//! Open transfers of another Odoo, with their moves: they come with their names and dates, and get no goods before the cut-over
//! (see [`crate::cut_over`]). One that is open there no more goes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crm_contract::{Demand, DemandOf};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool};
use jsonrpc::Fault;
use jsonrpc::import::{Batch, Became, How, Misfit, Outcome, Record};
use records::values::{Problems, content_hash, decimal, is_unset, quantity, whole};
use records::write::{self, Cause};
use records::{Failure, Tx, sql};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};
use service::Owner;
use service::importing::{Finishing, Imported, Part};

use super::purchases::lacks;
use super::{PICKINGS, Place, Read, guesses, is_returns, one_link, places_there, refused, text, through, unlinked};
use crate::stock_move::{self, Move, State};
use crate::stock_warehouse::{CUSTOMERS, VENDORS};
use crate::{Stock, documents, stock_quant};

const MOVES: &str = "stock.move";

const IMPORTED: &[Imported] = &[Imported {
    model: PICKINGS,
    stored_as: PICKINGS,
    keys: |rows| sql!("pickings.sql", rows),
    history: true,
    kept: &["backorder_id", "return_id", "date_done"],
    parts: &[Part {
        field: "move_ids",
        lacks: |values| {
            lacks(
                values,
                &[
                    ("product_id", "Field 'product_id' of stock.move is required"),
                    ("name", "Field 'name' of stock.move is required"),
                    ("manufacturer_ref", "Field 'manufacturer_ref' of stock.move is required"),
                    ("product_uom_qty", "Field 'product_uom_qty' of stock.move is required"),
                ],
            )
        },
        kept: &["reserved_availability", "origin_returned_move_id"],
    }],
    after: Some(|ids| sql!("picking_names.sql", ids)),
    then: Some(|tx, ids| Box::pin(open_places(tx, ids))),
    ..Imported::PLAIN
}];

/// What moves refer to has a row, as every product has where a move names it.
async fn open_places(tx: &mut Tx<'_>, pickings: Vec<i64>) -> Result<(), Failure> {
    let moves: Vec<Move> = stock_move::open_of(tx, pickings).await?;
    stock_quant::open(tx, &moves).await
}

/// Takes a batch of transfers.
///
/// # Errors
/// Those of the engine; 503 where crm is away.
pub(super) async fn import(owner: &Owner<Stock>, mut batch: Batch, traceparent: Option<&String>) -> Result<Vec<Became>, Fault> {
    let places = places_there(owner, &batch, &["warehouse_id", "warehouse_dest_id"], traceparent).await?;
    let ids: BTreeSet<i64> = batch.records.iter().filter_map(|record| record.values.get("sale_id").and_then(whole)).collect();
    let orders = match ids.is_empty() || guesses(&batch) {
        true => Vec::new(),
        false => owner.ask(&DemandOf { ids }, traceparent).await?,
    };
    let orders: BTreeMap<i64, &Demand> = orders.iter().map(|order| (order.id, order)).collect();
    let there = There { places, orders, dry: guesses(&batch) };
    let records = std::mem::take(&mut batch.records);
    let ended: Vec<Record> = records.iter().filter(|record| is_ended(record)).cloned().collect();
    let mut gone = end(owner, &batch, ended, traceparent).await?;
    let read = records.into_iter().map(|record| match gone.remove(&record.odoo_id) {
        Some(became) => Err(Box::new(became)),
        None => there.read(record),
    });
    let read = read.collect();
    through(batch, read, |batch| async move { owner.import_finished(IMPORTED, &batch, &finish, traceparent).await }).await
}

/// What a move has besides what is said of it.
fn finish(finishing: Finishing<'_>) -> Result<(), Fault> {
    if finishing.model == MOVES {
        let row = finishing.row;
        // One that waits for goods: from outside, and from what came back, they are taken without
        row.insert("held".to_owned(), (row.get("state").and_then(Json::as_str) == Some(State::Confirmed.as_str())).into());
        let done = row.get("quantity_done").and_then(decimal).is_some_and(|done| !done.is_zero());
        row.insert("picked".to_owned(), done.into());
        // The move that it takes back stayed there: in its place it names itself, so that it is known as a return
        let takes_back = row.get("location_id").and_then(Json::as_i64) == Some(CUSTOMERS);
        row.insert("origin_returned_move_id".to_owned(), if takes_back { finishing.id.into() } else { Json::Null });
    }
    Ok(())
}

/// Whether it is open there no more.
fn is_ended(record: &Record) -> bool {
    matches!(record.values.get("state").and_then(Json::as_str), Some("done" | "cancel"))
}

/// What is known of what transfers refer to.
struct There<'d> {
    places: BTreeMap<i64, Place>,
    orders: BTreeMap<i64, &'d Demand>,
    /// Of a rehearsal nothing is known.
    dry: bool,
}

/// From where to where a transfer goes, and of which type it is.
struct Ends {
    from: i64,
    to: i64,
    picking_type: i64,
    /// Whether its goods are taken from where they are reserved before.
    from_stock: bool,
    /// Whom it is for, where no order says so.
    partner: Option<i64>,
}

impl There<'_> {
    /// The record as our model has it.
    fn read(&self, mut record: Record) -> Read<Record> {
        let mut problems = Problems::default();
        let known = ["name", "state", "kind", "origin", "scheduled_date", "sale_id", "note", "priority", "place", "place_dest"];
        documents::only(&record.values, PICKINGS, &known, &mut problems);
        text(&record.values, PICKINGS, "name", 300, &mut problems);
        let state = text(&record.values, PICKINGS, "state", 30, &mut problems);
        if !state.is_empty() && !["draft", "waiting", "confirmed", "assigned"].contains(&state.as_str()) {
            problems.add(format!("Wrong value for stock.picking.state: '{state}' (that of an open one expected)"));
        }
        let sale = record.values.get("sale_id").filter(|id| !is_unset(id)).map(whole);
        if sale == Some(None) {
            problems.add("Wrong value for stock.picking.sale_id: an id is expected");
        }
        let sale = sale.flatten();
        let kind = text(&record.values, PICKINGS, "kind", 20, &mut problems);
        let ends = self.ends(&record, &kind, sale.is_some(), &mut problems);
        record.parts.get_mut("move_ids").into_iter().for_each(|moves| moves.retain(|one| !is_ended(one)));
        if record.parts.get("move_ids").is_none_or(Vec::is_empty) {
            problems.add("It has no open move");
        }
        problems.check().map_err(|fault| refused(&record, Misfit::Value, fault.message))?;
        let ends = match ends {
            Ok(Some(ends)) if ends.from == ends.to => {
                return Err(refused(
                    &record,
                    Misfit::Value,
                    "It goes from one place to another of the same stock: that is one place here.",
                ));
            }
            Ok(Some(ends)) => ends,
            Ok(None) => return Err(refused(&record, Misfit::Value, "Its places can't be read.")),
            Err(warehouse) => return Err(unlinked(&record, "stock.warehouse", warehouse)),
        };
        let order = match sale.map(|id| (id, self.orders.get(&id).copied())) {
            Some((_, None)) if self.dry => None,
            Some((_, None)) => return Err(refused(&record, Misfit::Link, "Its order is not here.")),
            Some((_, found)) => found,
            None => None,
        };
        let state = match (state.as_str(), ends.from_stock) {
            ("draft", _) => State::Draft,
            (_, true) => State::Confirmed,
            (_, false) => State::Assigned,
        };
        let bank = order.and_then(|order| order.bank_id);
        let origin = record.values.get("origin").cloned().filter(|origin| !is_unset(origin)).unwrap_or_default();
        let date = record.values.get("scheduled_date").cloned().unwrap_or_default();
        for one in record.parts.values_mut().flatten() {
            let lines = order.map(|order| order.lines.iter().map(|line| line.id).collect());
            if let Err(problem) = read_move(&mut one.values, sale, lines.as_ref()) {
                let reason = format!("move_ids {}: {problem}", one.odoo_id);
                let became = refused(one, Misfit::Value, reason);
                return Err(Box::new(Became { odoo_id: record.odoo_id, ..*became }));
            }
            let values = [
                ("location_id", json!(ends.from)),
                ("location_dest_id", json!(ends.to)),
                ("state", json!(state.as_str())),
                ("sale_id", json!(sale)),
                ("bank_id", json!(bank)),
                ("origin", origin.clone()),
            ];
            set(&mut one.values, values);
            one.values.entry("date").or_insert_with(|| date.clone());
        }
        for field in ["kind", "place", "place_dest"] {
            record.values.remove(field);
        }
        for field in ["warehouse_id", "warehouse_dest_id"] {
            record.links.remove(field);
        }
        let values = [
            ("picking_type_code", json!(kind)),
            ("picking_type_id", json!(ends.picking_type)),
            ("location_id", json!(ends.from)),
            ("location_dest_id", json!(ends.to)),
            ("state", json!(state.as_str())),
            ("partner_id", json!(order.map_or(ends.partner, |order| order.partner_id))),
            ("bank_id", json!(bank)),
        ];
        set(&mut record.values, values);
        Ok(record)
    }

    /// Its ends; the warehouse there that was not taken, where that is so.
    fn ends(&self, record: &Record, kind: &str, is_sold: bool, problems: &mut Problems) -> Result<Option<Ends>, i64> {
        let returns = is_returns(&record.values, "place", problems);
        let Some(there) = one_link(record, "warehouse_id", problems) else { return Ok(None) };
        let place = self.place(there)?;
        let own = if returns { place.returns } else { place.stock };
        let ends = match kind {
            "outgoing" => Ends { from: own, to: CUSTOMERS, picking_type: place.outgoing, from_stock: !returns, partner: None },
            // What clients give back stands apart
            "incoming" if is_sold => {
                Ends { from: CUSTOMERS, to: place.returns, picking_type: place.incoming, from_stock: false, partner: None }
            }
            "incoming" => Ends { from: VENDORS, to: own, picking_type: place.incoming, from_stock: false, partner: place.partner },
            "internal" => {
                let returns_dest = is_returns(&record.values, "place_dest", problems);
                let Some(there) = one_link(record, "warehouse_dest_id", problems) else { return Ok(None) };
                let dest = self.place(there)?;
                let to = if returns_dest { dest.returns } else { dest.stock };
                // In a rehearsal no place is known
                let to = if self.dry { to.saturating_add(1) } else { to };
                Ends { from: own, to, picking_type: place.internal, from_stock: !returns, partner: None }
            }
            other => {
                problems.add(format!("Wrong value for stock.picking.kind: '{other}' (incoming, outgoing or internal expected)"));
                return Ok(None);
            }
        };
        Ok(Some(ends))
    }

    fn place(&self, there: i64) -> Result<Place, i64> {
        match self.places.get(&there) {
            Some(place) => Ok(*place),
            None if self.dry => Ok(Place { partner: None, stock: 4, returns: 4, incoming: 1, outgoing: 2, internal: 3 }),
            None => Err(there),
        }
    }
}

/// What a move says, checked; `lines` are its order's.
fn read_move(values: &mut Map<String, Json>, sale: Option<i64>, lines: Option<&BTreeSet<i64>>) -> Result<(), String> {
    let mut problems = Problems::default();
    let known =
        ["name", "manufacturer_ref", "product_id", "product_uom_qty", "quantity_done", "sale_line_id", "price_unit", "state", "date"];
    documents::only(values, MOVES, &known, &mut problems);
    let wanted = values.get("product_uom_qty").and_then(quantity).filter(|wanted| *wanted > Decimal::ZERO);
    if wanted.is_none() {
        problems.add("Field 'product_uom_qty' of stock.move is required: a number above 0");
    }
    let line = values.get("sale_line_id").filter(|id| !is_unset(id)).map(whole);
    match (line, sale, lines) {
        (None, _, _) => {}
        (Some(Some(_)), Some(_), None) => {}
        (Some(Some(line)), Some(_), Some(lines)) if lines.contains(&line) => {}
        (Some(_), _, _) => problems.add("Its sale_line_id is no line of its order"),
    }
    problems.check().map_err(|fault| fault.message)
}

fn set<const N: usize>(values: &mut Map<String, Json>, these: [(&str, Json); N]) {
    for (field, value) in these {
        values.insert(field.to_owned(), value);
    }
}

/// A transfer that was taken before.
#[derive(QueryableByName)]
struct Before {
    #[diesel(sql_type = BigInt)]
    odoo_id: i64,
    #[diesel(sql_type = BigInt)]
    record_id: i64,
    #[diesel(sql_type = Bool)]
    is_there: bool,
    #[diesel(sql_type = Bool)]
    is_changed: bool,
}

/// Removes transfers that are open there no more: what became of them there their order, their purchase and the quantities tell.
async fn end(
    owner: &Owner<Stock>,
    batch: &Batch,
    ended: Vec<Record>,
    traceparent: Option<&String>,
) -> Result<BTreeMap<i64, Became>, Fault> {
    if ended.is_empty() {
        return Ok(BTreeMap::new());
    }
    let work = Arc::new((batch.source.clone(), batch.dry, ended));
    owner
        .transact(traceparent, |tx| {
            let work = work.clone();
            Box::pin(async move {
                tx.author.cause = Cause::Import;
                let (source, dry, ended) = &*work;
                remove(tx, source, *dry, ended).await
            })
        })
        .await
}

async fn remove(tx: &mut Tx<'_>, source: &str, dry: bool, ended: &[Record]) -> Result<BTreeMap<i64, Became>, Failure> {
    tx.run(sql!("alone.sql", PICKINGS)).await?;
    let ids: Vec<i64> = ended.iter().map(|record| record.odoo_id).collect();
    let before: Vec<Before> = tx.rows(sql!("ended.sql", source, ids)).await?;
    let before: BTreeMap<i64, Before> = before.into_iter().map(|one| (one.odoo_id, one)).collect();
    let (mut all, mut gone) = (BTreeMap::new(), Vec::new());
    for record in ended {
        let digest = content_hash(&Map::from_iter([("ended".to_owned(), record.values.get("state").cloned().unwrap_or_default())]));
        let outcome = match before.get(&record.odoo_id) {
            None => Outcome::Refused {
                misfit: Misfit::Value,
                reason: "It is open there no more: only open transfers are taken.".to_owned(),
                record_id: None,
                odoo: None,
            },
            Some(one) if !one.is_there => Outcome::Taken { record_id: Some(one.record_id), digest, how: How::Same },
            Some(one) if one.is_changed => Outcome::Refused {
                misfit: Misfit::Changed,
                reason: "The record was changed here since it was taken.".to_owned(),
                record_id: Some(one.record_id),
                odoo: None,
            },
            Some(one) => {
                gone.push(one.record_id);
                Outcome::Taken { record_id: Some(one.record_id), digest, how: How::Changed }
            }
        };
        all.insert(record.odoo_id, Became { odoo_id: record.odoo_id, outcome, told: None, parts: Vec::new() });
    }
    if !dry && !gone.is_empty() {
        let moves: Vec<i64> = stock_move::open_of(tx, gone.clone()).await?.into_iter().map(|one| one.id).collect();
        // There a move may go over to the transfer of what is left
        tx.run(sql!("unbind.sql", source, moves.clone())).await?;
        tx.ids(write::tombstone(tx.registry.model(MOVES)?, &tx.author, moves)).await?;
        tx.ids(write::tombstone(tx.registry.model(PICKINGS)?, &tx.author, gone)).await?;
    }
    Ok(all)
}
