//! What happens when goods move: the ledger, the quantities, and what becomes of the rest.

use std::collections::BTreeSet;

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
        changes.add(of.source(), -quantity);
        changes.add(of.destination(), quantity);
        let rest = of.claim().after(quantity);
        changes.reserve(of.source(), rest.map_or(Decimal::ZERO, |rest| rest.reserved) - of.reserved_availability);
        if let Some(rest) = rest {
            let mut rest = Move {
                product_uom_qty: rest.wanted,
                reserved_availability: rest.reserved,
                quantity_done: Decimal::ZERO,
                picked: false,
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
    let before = stock_picking::load(tx, pickings.clone()).await?;
    let names = before.iter().map(|picking| (picking.id, picking.name.clone())).collect();
    let left: BTreeSet<i64> = rests.iter().chain(&untouched).filter_map(|one| one.picking_id).collect();
    let of = before.into_iter().filter(|picking| left.contains(&picking.id)).collect();
    let backorders = stock_picking::backorders(tx, of).await?;
    let follow = |one: &mut Move| one.picking_id = one.picking_id.and_then(|picking| backorders.get(&picking).copied());
    // That none of it came was noted on the document before: on the new one nothing is noted yet
    untouched.iter_mut().for_each(|one| one.picked = false);
    rests.iter_mut().chain(&mut untouched).for_each(follow);
    // One that is done already leaves its reservation before the quantity goes
    stock_move::store(tx, &[moved.as_slice(), untouched.as_slice()].concat()).await?;
    stock_move::insert(tx, &rests).await?;
    changes.apply(tx).await?;
    stock_move::write_ledger(tx, &moved, &names).await?;
    pickings.extend(backorders.into_values());
    Ok(pickings)
}
