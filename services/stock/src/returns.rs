//! Goods that come back: a picking from the customers to the returns of the warehouse that they were taken from, for what was shipped
//! and is not back yet. Nobody gets them from there: they may be broken.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use jsonrpc::Fault;
use records::values::quantity;
use records::{Exact, Failure, Tx, sql};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use crate::stock_move::{Move, State};
use crate::stock_picking::{self, Picking};
use crate::stock_warehouse;

/// Makes the return of a delivery that is done, of these `quantities` by move, or of everything that is not back yet. Its
/// location is locked, so no other return is made meanwhile. Answers the new picking.
///
/// # Errors
/// 409 for what is no delivery or is back already, 422 for what is not in it or more than it.
pub async fn make(tx: &mut Tx<'_>, of: &Picking, mut data: Map<String, Json>) -> Result<i64, Failure> {
    if of.picking_type_code != "outgoing" || of.state != State::Done {
        return Err(Fault::conflict(format!("{} is no delivery that is done: there is nothing to take back.", of.name)).into());
    }
    let shipped: Vec<Move> = tx.read(sql!("returns/shipped.sql", of.id)).await?;
    let mut left = left(tx, &shipped).await?;
    if let Some(wanted) = data.remove("quantities").filter(|wanted| !wanted.is_null() && *wanted != false) {
        left = read(tx, &wanted, &left)?;
    }
    let warehouse = stock_warehouse::at(tx, vec![of.location_id]).await?.at(of.location_id).cloned();
    let Some(warehouse) = warehouse else { return Err(Fault::busy().into()) };
    let place = stock_warehouse::returns(tx, &warehouse).await?;
    let moves: Vec<Move> = shipped
        .into_iter()
        .filter_map(|one| {
            let quantity = left.get(&one.id).copied().filter(|quantity| *quantity > Decimal::ZERO)?;
            Some(Move {
                product_uom_qty: quantity,
                quantity_done: Decimal::ZERO,
                picked: false,
                state: State::Assigned,
                location_id: one.location_dest_id,
                location_dest_id: place,
                origin_returned_move_id: Some(one.id),
                place: None,
                ..one
            })
        })
        .collect();
    if moves.is_empty() {
        return Err(Fault::conflict(format!("Everything of {} is back already.", of.name)).into());
    }
    let picking = Picking {
        picking_type_id: warehouse.incoming,
        location_id: of.location_dest_id,
        location_dest_id: place,
        state: State::Assigned,
        backorder_id: None,
        return_id: Some(of.id),
        scheduled_date: None,
        note: None,
        ..of.clone()
    };
    stock_picking::insert_one(tx, picking, moves).await
}

/// How much of a move is back, or on its way back.
#[derive(QueryableByName)]
struct Back {
    #[diesel(sql_type = BigInt)]
    of: i64,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    quantity: Decimal,
}

/// How much of what was shipped is neither back nor on its way back.
async fn left(tx: &mut Tx<'_>, shipped: &[Move]) -> Result<BTreeMap<i64, Decimal>, Failure> {
    let mut left: BTreeMap<i64, Decimal> = shipped.iter().map(|one| (one.id, one.quantity_done)).collect();
    let back: Vec<Back> = tx.rows(sql!("returns/back.sql", left.keys().copied().collect::<Vec<_>>())).await?;
    for Back { of, quantity } in back {
        left.entry(of).and_modify(|left| *left -= quantity);
    }
    Ok(left)
}

fn read(tx: &Tx<'_>, wanted: &Json, left: &BTreeMap<i64, Decimal>) -> Result<BTreeMap<i64, Decimal>, Fault> {
    let mut problems = tx.problems();
    let mut quantities = BTreeMap::new();
    match wanted {
        Json::Object(wanted) if !wanted.is_empty() => {
            for (key, amount) in wanted {
                let Some((id, left)) = key.trim().parse::<i64>().ok().and_then(|id| left.get_key_value(&id)) else {
                    problems.add(format!(
                        "Unknown reference in quantities: '{}' is no move of the picking",
                        key.chars().take(80).collect::<String>()
                    ));
                    continue;
                };
                match quantity(amount).filter(|amount| *amount > Decimal::ZERO) {
                    Some(amount) if amount <= *left => drop(quantities.insert(*id, amount)),
                    Some(amount) => problems.add(format!("Of the move {id} only {} can come back, not {amount}", left.normalize())),
                    None => problems.add(format!("Wrong value for quantities.{id}: {amount} (a number above 0 expected)")),
                }
            }
        }
        _ => problems.add("`quantities` must be an object of quantities by move id"),
    }
    problems.check()?;
    Ok(quantities)
}
