//! Orders that came from elsewhere: what of them was settled there is no doing of this service. It is kept a line, and told with
//! what the moves here come to.

use std::collections::BTreeMap;

use crm_contract::{Demand, SaleOrder};
use domain::Progress;
use events::Event;
use jsonrpc::{Fault, Published};
use records::{Failure, Tx, sql};
use rust_decimal::Decimal;
use service::consumer;

use crate::stock_move::{self, Move};

/// How an order was when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    /// Of its record.
    pub version: i64,
    /// The platform's state; none where only crm can tell.
    pub ek_state: Option<Progress>,
    /// Whether nothing else is told of it.
    pub alone: bool,
}

/// The orders that came, among these events: each as it was when it last did.
///
/// # Errors
/// For an event that can't be read.
pub fn came(events: &[Event]) -> Result<BTreeMap<i64, Came>, Fault> {
    let mut came: BTreeMap<i64, Came> = BTreeMap::new();
    let orders = || events.iter().filter(|event| event.model == SaleOrder::MODEL && event.kind != "deleted");
    for event in orders().filter(|event| event.is_import()) {
        let said: SaleOrder = consumer::read(event, "stock")?;
        came.insert(event.record_id, Came { version: event.version, ek_state: said.ek_state, alone: true });
    }
    for event in orders().filter(|event| !event.is_import()) {
        came.entry(event.record_id).and_modify(|one| one.alone = false);
    }
    Ok(came)
}

/// Whether an order came with what was settled elsewhere.
pub fn is_settled(demand: &Demand) -> bool {
    demand.lines.iter().any(|line| line.settled.is_some())
}

/// Keeps what crm tells of these orders as settled.
///
/// # Errors
/// The database's own.
pub async fn keep(tx: &mut Tx<'_>, demands: &[&Demand]) -> Result<(), Failure> {
    let settled: Vec<&Demand> = demands.iter().copied().filter(|demand| is_settled(demand)).collect();
    if settled.is_empty() {
        return Ok(());
    }
    let (mut orders, mut lines) = (Vec::new(), Vec::new());
    let (mut delivered, mut returned, mut reserved) = (Vec::new(), Vec::new(), Vec::new());
    for (order, line, settled) in
        settled.iter().flat_map(|demand| demand.lines.iter().filter_map(|line| Some((demand.id, line.id, line.settled.as_ref()?))))
    {
        orders.push(order);
        lines.push(line);
        delivered.push(settled.delivered.max(Decimal::ZERO).to_string());
        returned.push(settled.returned.max(Decimal::ZERO).to_string());
        reserved.push(settled.reserved.max(Decimal::ZERO).to_string());
    }
    let of: Vec<i64> = settled.iter().map(|demand| demand.id).collect();
    tx.run(sql!("settled/gone.sql", of, lines.clone())).await?;
    tx.run(sql!("settled/keep.sql", lines, orders, delivered, returned, reserved)).await.map(drop)
}

/// From now on these orders are this service's: what was put aside for them elsewhere counts no more.
///
/// # Errors
/// The database's own.
pub async fn take_over(tx: &mut Tx<'_>, orders: Vec<i64>) -> Result<(), Failure> {
    if orders.is_empty() {
        return Ok(());
    }
    tx.run(sql!("settled/take_over.sql", orders)).await.map(drop)
}

/// Lets go of locked moves that were held back, with the orders that they ship: they wait like all others.
///
/// # Errors
/// The database's own.
pub async fn let_go(tx: &mut Tx<'_>, moves: &mut [Move]) -> Result<(), Failure> {
    let mut held: Vec<Move> = Vec::new();
    for one in moves.iter_mut().filter(|one| one.held) {
        one.held = false;
        held.push(one.clone());
    }
    stock_move::store(tx, &held).await?;
    take_over(tx, held.iter().filter_map(|one| one.sale_id).collect()).await
}
