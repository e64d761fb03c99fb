//! Who gets which goods: first come, first served. Goods that become free go to who waits for them in the transaction that
//! frees them, and what a delivered order waited for is shipped in it too.
//!
//! Everything here happens under the locks of the locations (see [`crate::stock_warehouse::lock`]).

use std::collections::BTreeMap;

use records::{Failure, Sql, Tx};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::done::{self, Part};
use crate::stock_move::{self, Move, State};
use crate::stock_quant::{Changes, Key, lists};

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
    let mut due = Sql::new(
        "m.state IN ('partially_available', 'assigned') AND m.reserved_availability > 0 AND (m.product_id, m.location_id) IN (SELECT * FROM unnest(",
    );
    due.bind(products).push(", ").bind(locations);
    due.push(")) AND m.sale_id IN (SELECT d.order_id FROM order_demand d WHERE d.ek_state = ")
        .bind(domain::Progress::Delivered.as_str())
        .push(")");
    let parts = stock_move::locked(tx, due).await?.into_iter().map(|of| Part { quantity: of.reserved_availability, of }).collect();
    pickings.extend(done::done(tx, parts).await?);
    Ok(pickings)
}

async fn reserve(tx: &mut Tx<'_>, keys: &[Key], but: &[i64]) -> Result<Vec<i64>, Failure> {
    let (products, locations) = lists(keys.iter().copied());
    // Whose turn comes before the free goods are at an end
    let mut turn = Sql::new(
        "m.id IN (SELECT w.id FROM (SELECT m.id, q.quantity - q.reserved_quantity AS free, \
         sum(m.product_uom_qty - m.reserved_availability) OVER (PARTITION BY q.id ORDER BY coalesce(m.place, m.id), m.id) \
         - (m.product_uom_qty - m.reserved_availability) AS before FROM unnest(",
    );
    turn.bind(products.clone()).push(", ").bind(locations.clone());
    turn.push(
        ") AS k(product, location) JOIN stock_quant q ON q.product_id = k.product AND q.location_id = k.location AND q.deleted_at IS NULL \
         JOIN stock_move m ON m.product_id = q.product_id AND m.location_id = q.location_id \
         WHERE q.quantity > q.reserved_quantity AND m.state IN ('confirmed', 'partially_available') AND m.deleted_at IS NULL AND m.id <> ALL(",
    );
    turn.bind(but.to_vec()).push(")) w WHERE w.before < w.free)");
    let mut waiting = stock_move::locked(tx, turn).await?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    waiting.sort_by_key(|one| (one.place.unwrap_or(one.id), one.id));
    let mut free = free(tx, products, locations).await?;
    let mut changes = Changes::default();
    for one in &mut waiting {
        let Some(left) = free.get_mut(&one.source()) else { continue };
        let taken = (one.product_uom_qty - one.reserved_availability).min(*left);
        *left -= taken;
        one.reserved_availability += taken;
        one.state = one.open_state();
        changes.reserve(one.source(), taken);
    }
    changes.apply(tx).await?;
    stock_move::store(tx, &waiting).await?;
    Ok(waiting.iter().filter_map(|one| one.picking_id).collect())
}

async fn free(tx: &mut Tx<'_>, products: Vec<i64>, locations: Vec<i64>) -> Result<BTreeMap<Key, Decimal>, Failure> {
    let mut sql = Sql::new(
        "SELECT json_build_array(json_build_array(q.product_id, q.location_id), (q.quantity - q.reserved_quantity)::text)::text FROM unnest(",
    );
    sql.bind(products).push(", ").bind(locations);
    sql.push(
        ") AS k(product, location) JOIN stock_quant q ON q.product_id = k.product AND q.location_id = k.location AND q.deleted_at IS NULL",
    );
    let rows: Vec<(Key, Decimal)> = crate::rows::load(tx, sql).await?;
    Ok(rows.into_iter().collect())
}

/// Takes away what locked, open moves have reserved, and gives them this state.
///
/// # Errors
/// The database's own.
pub async fn release(tx: &mut Tx<'_>, moves: &mut [Move], state: Option<State>) -> Result<(), Failure> {
    let mut changes = Changes::default();
    for one in moves.iter_mut() {
        changes.reserve(one.source(), -one.reserved_availability);
        one.reserved_availability = Decimal::ZERO;
        one.state = state.unwrap_or_else(|| one.open_state());
    }
    stock_move::store(tx, moves).await?;
    changes.apply(tx).await
}

/// Takes away the newest reservations where more is reserved than `most`. Answers the pickings that this touched.
///
/// # Errors
/// The database's own.
pub async fn keep_within(tx: &mut Tx<'_>, most: BTreeMap<Key, Decimal>) -> Result<Vec<i64>, Failure> {
    let limits = most.iter().map(|((product, location), most)| json!({"product": product, "location": location, "most": most}));
    let mut held = Sql::new(
        "m.reserved_availability > 0 AND m.state IN ('partially_available', 'assigned') AND (m.product_id, m.location_id) IN \
         (SELECT q.product_id, q.location_id FROM stock_quant q JOIN jsonb_to_recordset(",
    );
    held.bind(Json::from_iter(limits).to_string());
    held.push(
        "::jsonb) AS k(product bigint, location bigint, most numeric) ON q.product_id = k.product AND q.location_id = k.location \
         WHERE q.deleted_at IS NULL AND q.reserved_quantity > k.most)",
    );
    let mut held = stock_move::locked(tx, held).await?;
    held.sort_by_key(|one| (one.place.unwrap_or(one.id), one.id));
    let mut left = most;
    let mut changes = Changes::default();
    for one in &mut held {
        let Some(left) = left.get_mut(&one.source()) else { continue };
        let kept = one.reserved_availability.min(*left);
        *left -= kept;
        changes.reserve(one.source(), kept - one.reserved_availability);
        one.reserved_availability = kept;
        one.state = one.open_state();
    }
    stock_move::store(tx, &held).await?;
    changes.apply(tx).await?;
    Ok(held.iter().filter_map(|one| one.picking_id).collect())
}
