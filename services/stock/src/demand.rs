//! What orders ask of the stock. crm tells what an order is now, and this makes the stock follow: pickings for a new one,
//! shipping for one that is delivered, nothing any more for one that is cancelled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crm_contract::{Demand, DemandLine, DemandOf};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use domain::Progress;
use events::Event;
use jsonrpc::Fault;
use partners_contract::{PointOfSale, Points, PointsOfSale};
use records::{Failure, Tx, sql};
use rust_decimal::Decimal;
use service::{Answers, Owner};
use stock_contract::{Close, ForOrders, Served};

use crate::settled::{self, Came};
use crate::stock_move::{Move, State};
use crate::stock_picking::{self, Picking};
use crate::stock_quant::Key;
use crate::stock_warehouse::{self, CUSTOMERS, Warehouse, Warehouses};
use crate::{Stock, reservation};

/// What was found out about events of crm's.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// The orders that they are of, as they are now.
    pub demands: Vec<Demand>,
    /// Points of sale that have no warehouse yet.
    pub points: Points,
    /// Those of the orders that came from elsewhere, with whatever was shipped and reserved there.
    pub came: BTreeMap<i64, Came>,
}

/// Whether an event is of an order.
pub fn concerns(event: &Event) -> bool {
    event.model == "sale.order"
}

/// Asks crm what the orders are now, and partners about points of sale that are new here.
///
/// # Errors
/// 503 where one is away.
pub async fn hear(owner: &Owner<Stock>, events: &[Event]) -> Result<Heard, Fault> {
    let ids: BTreeSet<i64> = events.iter().filter(|event| event.model == "sale.order").map(|event| event.record_id).collect();
    if ids.is_empty() {
        return Ok(Heard::default());
    }
    let came = settled::came(events)?;
    let heard = ask(owner, &ids, events.iter().find_map(|event| event.traceparent.as_ref())).await?;
    Ok(Heard { came, ..heard })
}

async fn ask(owner: &Owner<Stock>, ids: &BTreeSet<i64>, traceparent: Option<&String>) -> Result<Heard, Fault> {
    let demands = owner.ask(&DemandOf { ids: ids.clone() }, traceparent).await?;
    let lines = || demands.iter().flat_map(|demand| &demand.lines);
    let points: Vec<i64> = lines().filter_map(|line| line.pos_id).collect();
    let known = owner.database.search::<BigInt, i64>(sql!("demand/known_points.sql", points)).await?;
    let unknown = |line: &&DemandLine| line.pos_id.is_some_and(|pos| !known.contains(&pos));
    let codes: BTreeSet<String> = lines().filter(unknown).filter_map(|line| line.code_pos.clone()).collect();
    let points = match codes.is_empty() {
        true => Points::new(),
        false => owner.ask(&PointsOfSale { codes, ..PointsOfSale::default() }, traceparent).await?,
    };
    Ok(Heard { demands, points, came: BTreeMap::new() })
}

/// Makes the stock follow these orders; what is no newer than what was applied is dropped. The oldest order comes first.
///
/// # Errors
/// The database's own.
pub async fn apply(tx: &mut Tx<'_>, heard: &Heard) -> Result<(), Failure> {
    let mut demands: Vec<&Demand> = heard.demands.iter().collect();
    demands.sort_by_key(|demand| demand.id);
    let known = known(tx, demands.iter().map(|demand| demand.id).collect()).await?;
    demands.retain(|demand| known.get(&demand.id).is_none_or(|(version, _)| *version < demand.version));
    settled::keep(tx, &demands).await?;
    // Of an order that only came from elsewhere it is noted how far it was then: what it needs it has from there
    let came = |demand: &Demand| heard.came.get(&demand.id);
    let (quiet, mut demands): (Vec<&Demand>, Vec<&Demand>) =
        demands.into_iter().partition(|demand| came(demand).is_some_and(|came| came.alone));
    let quiet = quiet.into_iter().filter_map(|demand| Some((demand, came(demand)?)));
    let quiet = quiet.map(|(demand, came)| (demand.id, came.version, came.ek_state.unwrap_or(demand.ek_state)));
    note(tx, quiet.filter(|(id, version, _)| known.get(id).is_none_or(|(known, _)| known < version)).collect()).await?;
    // What was shipped stays shipped, and what an order that is delivered waits for still goes to the client
    let is_over = |demand: &Demand| matches!(known.get(&demand.id), Some((_, Progress::Delivered | Progress::Cancelled)));
    demands.retain(|demand| !is_over(demand));
    if demands.is_empty() {
        return Ok(());
    }
    let is_known = |demand: &Demand| known.contains_key(&demand.id) || heard.came.contains_key(&demand.id) || settled::is_settled(demand);
    let new: Vec<&Demand> = demands.iter().copied().filter(|demand| !is_known(demand) && demand.ek_state != Progress::Cancelled).collect();
    let now = |state: Progress| -> Vec<i64> {
        demands.iter().filter(|demand| is_known(demand) && demand.ek_state == state).map(|demand| demand.id).collect()
    };
    let (canceled, delivered) = (now(Progress::Cancelled), now(Progress::Delivered));

    let warehouses = warehouses(tx, &new, &heard.points).await?;
    let mut locations: Vec<i64> = new
        .iter()
        .flat_map(|demand| &demand.lines)
        .filter_map(|line| warehouses.of(line.pos_id).map(|warehouse| warehouse.stock))
        .collect();
    locations.extend(outgoing(tx, [canceled.as_slice(), delivered.as_slice()].concat()).await?);
    stock_warehouse::lock(tx, locations).await?;

    note(tx, demands.iter().map(|demand| (demand.id, demand.version, demand.ek_state)).collect()).await?;
    let (mut keys, mut pickings) = make(tx, &new, &warehouses).await?;
    settled::take_over(tx, [canceled.as_slice(), delivered.as_slice()].concat()).await?;
    let mut gone = open_moves(tx, canceled).await?;
    reservation::release(tx, &mut gone, Some(State::Cancel)).await?;
    pickings.extend(gone.iter().filter_map(|one| one.picking_id));
    let mut due = open_moves(tx, delivered).await?;
    settled::let_go(tx, &mut due).await?;
    keys.extend(gone.iter().chain(&due).map(Move::source));
    pickings.extend(reservation::settle(tx, &keys, &[]).await?);
    stock_picking::refresh(tx, pickings).await
}

/// An order as it last had its effect.
#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = BigInt)]
    order_id: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    ek_state: String,
}

async fn known(tx: &mut Tx<'_>, orders: Vec<i64>) -> Result<BTreeMap<i64, (i64, Progress)>, Failure> {
    let rows: Vec<Known> = tx.rows(sql!("demand/known.sql", orders)).await?;
    let known = rows.into_iter().map(|row| {
        let unknown = || service::our_fault("stock", "an order's state is unknown", &row.ek_state);
        Ok((row.order_id, (row.version, Progress::parse(&row.ek_state).ok_or_else(unknown)?)))
    });
    known.collect()
}

/// Notes how far orders are: id, version, state.
async fn note(tx: &mut Tx<'_>, orders: Vec<(i64, i64, Progress)>) -> Result<(), Failure> {
    if orders.is_empty() {
        return Ok(());
    }
    let (mut ids, mut versions, mut states) = (Vec::new(), Vec::new(), Vec::new());
    for (id, version, state) in orders {
        ids.push(id);
        versions.push(version);
        states.push(state.as_str().to_owned());
    }
    tx.run(sql!("demand/note.sql", ids, versions, states)).await.map(drop)
}

/// The warehouses of new orders' lines. A point of sale that partners don't know by its code any more is named by it.
async fn warehouses(tx: &mut Tx<'_>, new: &[&Demand], points: &Points) -> Result<Warehouses, Failure> {
    let mut wanted = Points::new();
    for line in new.iter().flat_map(|demand| &demand.lines) {
        if let Some(id) = line.pos_id {
            let code = line.code_pos.clone().unwrap_or_else(|| id.to_string());
            let known = points.get(&code).filter(|point| point.id == id);
            let name = code.clone();
            // Whether it is closed, its own event tells
            wanted.insert(code, known.cloned().unwrap_or_else(|| PointOfSale { id, name, ..PointOfSale::default() }));
        }
    }
    stock_warehouse::of_points(tx, &wanted).await
}

/// Makes what new orders are shipped with: a picking a warehouse. Answers what is wanted there, and the pickings.
async fn make(tx: &mut Tx<'_>, new: &[&Demand], warehouses: &Warehouses) -> Result<(Vec<Key>, Vec<i64>), Failure> {
    let mut pickings: Vec<(Picking, Vec<Move>)> = Vec::new();
    for demand in new {
        let mut own: Vec<(Picking, Vec<Move>)> = Vec::new();
        for line in demand.lines.iter().filter(|line| line.quantity > Decimal::ZERO) {
            let Some(warehouse) = warehouses.of(line.pos_id) else {
                let code = line.code_pos.as_deref().unwrap_or_default();
                return Err(Fault::conflict(format!("The point of sale '{code}' has no warehouse: another one has its code.")).into());
            };
            let one = to_ship(demand, line, warehouse);
            match own.iter_mut().find(|(picking, _)| picking.location_id == one.location_id) {
                Some((_, moves)) => moves.push(one),
                None => own.push((picking(demand, warehouse), vec![one])),
            }
        }
        pickings.extend(own);
    }
    let keys = pickings.iter().flat_map(|(_, moves)| moves).map(Move::source).collect();
    Ok((keys, stock_picking::insert(tx, pickings).await?))
}

fn picking(demand: &Demand, from: &Warehouse) -> Picking {
    Picking {
        origin: Some(demand.name.clone()),
        state: State::Confirmed,
        picking_type_id: from.outgoing,
        location_id: from.stock,
        location_dest_id: CUSTOMERS,
        partner_id: demand.partner_id,
        sale_id: Some(demand.id),
        bank_id: demand.bank_id,
        ..Picking::default()
    }
}

fn to_ship(demand: &Demand, line: &DemandLine, from: &Warehouse) -> Move {
    Move {
        name: line.name.clone(),
        product_id: line.product_id,
        manufacturer_ref: line.manufacturer_ref.clone(),
        product_uom_qty: line.quantity,
        state: State::Confirmed,
        location_id: from.stock,
        location_dest_id: CUSTOMERS,
        sale_id: Some(demand.id),
        sale_line_id: Some(line.id),
        origin: Some(demand.name.clone()),
        price_unit: line.price_unit,
        bank_id: demand.bank_id,
        ..Move::default()
    }
}

/// What orders still wait for or hold; returns aside.
async fn open_moves(tx: &mut Tx<'_>, orders: Vec<i64>) -> Result<Vec<Move>, Failure> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    tx.read(sql!("demand/open_moves.sql", orders)).await
}

/// Of pickings those that only their order's state moves: what is left of an order that is delivered may be given up.
///
/// # Errors
/// The database's own.
pub async fn not_delivered<'p>(tx: &mut Tx<'_>, pickings: &'p [Picking]) -> Result<Vec<&'p Picking>, Failure> {
    let delivered = delivered(tx, pickings.iter().filter_map(|one| one.sale_id).collect()).await?;
    Ok(pickings.iter().filter(|one| one.sale_id.is_none_or(|order| !delivered.contains(&order))).collect())
}

/// Those of these orders that are delivered.
async fn delivered(tx: &mut Tx<'_>, orders: Vec<i64>) -> Result<Vec<i64>, Failure> {
    tx.ids(sql!("demand/in_state.sql", orders, Progress::Delivered.as_str())).await
}

impl Answers<Close> for Stock {
    /// What is not heard of yet is heard of first, so that it ships what it has.
    async fn answer(owner: &Owner<Self>, question: Close, traceparent: Option<&String>) -> Result<Vec<Served>, Fault> {
        let ids = question.ids;
        let heard = Arc::new(ask(owner, &ids, traceparent).await?);
        owner
            .transact(traceparent, |tx| {
                let heard = heard.clone();
                Box::pin(async move { apply(tx, &heard).await })
            })
            .await?;
        // Its own transaction: it takes the locks of other locations
        let orders: Vec<i64> = ids.iter().copied().collect();
        owner
            .transact(traceparent, |tx| {
                let orders = orders.clone();
                Box::pin(async move { give_up(tx, orders).await })
            })
            .await?;
        served(owner, ids).await
    }
}

async fn give_up(tx: &mut Tx<'_>, orders: Vec<i64>) -> Result<(), Failure> {
    let orders = delivered(tx, orders).await?;
    let places = outgoing(tx, orders.clone()).await?;
    stock_warehouse::lock(tx, places).await?;
    let moves = open_moves(tx, orders).await?;
    stock_picking::cancel(tx, moves).await
}

/// Where orders are shipped from.
async fn outgoing(tx: &mut Tx<'_>, orders: Vec<i64>) -> Result<Vec<i64>, Failure> {
    tx.ids(sql!("demand/shipped_from.sql", orders)).await
}

impl Answers<ForOrders> for Stock {
    async fn answer(owner: &Owner<Self>, question: ForOrders, _: Option<&String>) -> Result<Vec<Served>, Fault> {
        served(owner, question.ids).await
    }
}

/// What became of these orders' lines; what was given up only of those that are delivered, for the others owe nothing.
async fn served(owner: &Owner<Stock>, orders: BTreeSet<i64>) -> Result<Vec<Served>, Fault> {
    let orders: Vec<i64> = orders.into_iter().collect();
    owner.database.read(sql!("demand/served.sql", orders, Progress::Delivered.as_str())).await
}
