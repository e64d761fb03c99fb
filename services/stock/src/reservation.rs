//! Who gets which goods: first come, first served. Goods that become free go to who waits for them in the transaction that
//! frees them, and what a delivered order waited for is shipped in it too.
//!
//! Everything here happens under the locks of the locations (see [`crate::stock_warehouse::lock`]).

use domain::Progress;
use domain::goods::Goods;
use records::{Failure, Tx, sql};
use rust_decimal::Decimal;

use crate::done::{self, Part};
use crate::stock_move::{self, Move, State};
use crate::stock_quant::{self, Changes, Key, lists};
// circle: done: goods that come may ship at once, and what ships frees goods for others

/// Gives what is free at these places to the moves that wait there, oldest first; `but` these, who have just given it up.
/// Then ships what orders that are delivered have got. Answers the pickings that this touched: their states are to be
/// refreshed.
///
/// # Errors
/// The database's own.
pub async fn settle(tx: &mut Tx<'_>, keys: &[Key], but: &[i64]) -> Result<Vec<i64>, Failure> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut pickings = reserve(tx, keys, but).await?;
    let (products, locations) = lists(keys.iter().copied());
    let due: Vec<Move> = tx.read(sql!("reservation/due.sql", products, locations, Progress::Delivered.as_str())).await?;
    let parts = due.into_iter().map(|of| Part { quantity: of.reserved_availability, of }).collect();
    pickings.extend(done::done(tx, parts).await?);
    Ok(pickings)
}

async fn reserve(tx: &mut Tx<'_>, keys: &[Key], but: &[i64]) -> Result<Vec<i64>, Failure> {
    let (products, locations) = lists(keys.iter().copied());
    let mut waiting: Vec<Move> = tx.read(sql!("reservation/in_turn.sql", products, locations, but.to_vec())).await?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    waiting.sort_by_key(Move::turn);
    let mut free = stock_quant::free(tx, keys).await?;
    let mut changes = Changes::default();
    for one in &mut waiting {
        let taken = free.take(&one.source(), one.claim().lacking());
        one.reserve(one.reserved_availability + taken, &mut changes);
    }
    changes.apply(tx).await?;
    stock_move::store(tx, &waiting).await?;
    Ok(waiting.iter().filter_map(|one| one.picking_id).collect())
}

/// Takes away what locked, open moves have reserved, and gives them this state.
///
/// # Errors
/// The database's own.
pub async fn release(tx: &mut Tx<'_>, moves: &mut [Move], state: Option<State>) -> Result<(), Failure> {
    let mut changes = Changes::default();
    for one in moves.iter_mut() {
        one.reserve(Decimal::ZERO, &mut changes);
        one.state = state.unwrap_or(one.state);
        one.held &= state.is_none();
    }
    stock_move::store(tx, moves).await?;
    changes.apply(tx).await
}

/// Takes away the newest reservations where more is reserved than `most`. Answers the pickings that this touched.
///
/// # Errors
/// The database's own.
pub async fn keep_within(tx: &mut Tx<'_>, most: &[(Key, Decimal)]) -> Result<Vec<i64>, Failure> {
    let (mut products, mut locations, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    for ((product, location), most) in most {
        products.push(*product);
        locations.push(*location);
        limits.push(most.to_string());
    }
    let mut held: Vec<Move> = tx.read(sql!("reservation/held.sql", products, locations, limits)).await?;
    held.sort_by_key(Move::turn);
    let mut left: Goods<Key> = most.iter().copied().collect();
    let mut changes = Changes::default();
    for one in &mut held {
        let kept = left.take(&one.source(), one.reserved_availability);
        one.reserve(kept, &mut changes);
    }
    stock_move::store(tx, &held).await?;
    changes.apply(tx).await?;
    Ok(held.iter().filter_map(|one| one.picking_id).collect())
}
