//! What happens when goods move: the ledger, the quantities, and what becomes of the rest.

use std::collections::BTreeMap;

use records::{Failure, Tx};
use rust_decimal::Decimal;

use crate::stock_move::{self, Move, State};
use crate::stock_picking;
use crate::stock_quant::Changes;

/// So much of a locked, open move of a picking. From stock, no more than it has reserved.
#[derive(Debug)]
pub struct Part {
    /// The move.
    pub of: Move,
    /// How much of it.
    pub quantity: Decimal,
}

/// Moves these goods. What is left of their pickings, whole moves and parts of them, becomes one backorder a picking, and
/// keeps its place among those that wait. Answers the pickings whose states are to be refreshed.
///
/// # Errors
/// 422 where less than nothing would be there.
pub async fn done(tx: &mut Tx<'_>, parts: Vec<Part>) -> Result<Vec<i64>, Failure> {
    let mut pickings: Vec<i64> = parts.iter().filter_map(|part| part.of.picking_id).collect();
    pickings.sort_unstable();
    pickings.dedup();
    if pickings.is_empty() {
        return Ok(pickings);
    }
    let mut untouched = stock_move::open_of(tx, pickings.clone()).await?;
    untouched.retain(|one| parts.iter().all(|part| part.of.id != one.id));
    let (mut moved, mut rests, mut changes) = (Vec::new(), Vec::new(), Changes::default());
    for Part { mut of, quantity } in parts {
        let from_reserved = of.reserved_availability.min(quantity);
        changes.reserve(of.source(), -from_reserved);
        changes.add(of.source(), -quantity);
        changes.add(of.destination(), quantity);
        if quantity < of.product_uom_qty {
            let mut rest = Move {
                product_uom_qty: of.product_uom_qty - quantity,
                quantity_done: Decimal::ZERO,
                picked: false,
                reserved_availability: of.reserved_availability - from_reserved,
                place: of.place.or(Some(of.id)),
                ..of.clone()
            };
            rest.state = rest.open_state();
            rests.push(rest);
            of.product_uom_qty = quantity;
        }
        of.quantity_done = quantity;
        of.reserved_availability = Decimal::ZERO;
        of.state = State::Done;
        moved.push(of);
    }
    let mut left: Vec<i64> = rests.iter().chain(&untouched).filter_map(|one| one.picking_id).collect();
    left.sort_unstable();
    left.dedup();
    let names = stock_picking::names(tx, pickings.clone()).await?;
    let backorders: BTreeMap<i64, i64> = stock_picking::backorders(tx, left).await?;
    let follow = |one: &mut Move| one.picking_id = one.picking_id.and_then(|picking| backorders.get(&picking).copied());
    rests.iter_mut().chain(&mut untouched).for_each(follow);
    // One that is done already leaves its reservation before the quantity goes
    stock_move::store(tx, &[moved.as_slice(), untouched.as_slice()].concat()).await?;
    stock_move::insert(tx, &rests).await?;
    changes.apply(tx).await?;
    stock_move::write_ledger(tx, &moved, |picking| names.get(&picking).cloned()).await?;
    pickings.extend(backorders.into_values());
    Ok(pickings)
}
