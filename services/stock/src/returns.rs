//! Goods that come back: a picking from the customers to the returns of the warehouse that they were taken from, for what was shipped
//! and is not back yet. Nobody gets them from there: they may be broken.

use std::collections::BTreeMap;

use jsonrpc::Fault;
use records::values::quantity;
use records::{Failure, Sql, Tx};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use crate::stock_move::{self, Move, State};
use crate::stock_picking::{self, Picking};
use crate::{rows, stock_warehouse};

/// Makes the return of a delivery that is done, of these `quantities` by move, or of everything that is not back yet. Its
/// location is locked, so no other return is made meanwhile. Answers the new picking.
///
/// # Errors
/// 409 for what is no delivery or is back already, 422 for what is not in it or more than it.
pub async fn make(tx: &mut Tx<'_>, of: &Picking, mut data: Map<String, Json>) -> Result<i64, Failure> {
    if of.picking_type_code != "outgoing" || of.state != State::Done {
        return Err(Fault::conflict(format!("{} is no delivery that is done: there is nothing to take back.", of.name)).into());
    }
    let mut condition = Sql::new("m.state = 'done' AND m.picking_id = ");
    condition.bind(of.id);
    let shipped = stock_move::locked(tx, condition).await?;
    let mut left = left(tx, &shipped).await?;
    if let Some(wanted) = data.remove("quantities").filter(|wanted| !wanted.is_null() && *wanted != false) {
        let wanted = read(tx, &wanted, &left)?;
        left = wanted;
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
    let Some(id) = stock_picking::insert(tx, &[picking]).await?.pop() else { return Err(Fault::busy().into()) };
    let moves: Vec<Move> = moves.into_iter().map(|one| Move { picking_id: Some(id), ..one }).collect();
    stock_move::insert(tx, &moves).await?;
    Ok(id)
}

/// How much of what was shipped is neither back nor on its way back.
async fn left(tx: &mut Tx<'_>, shipped: &[Move]) -> Result<BTreeMap<i64, Decimal>, Failure> {
    let mut sql = Sql::new(
        "SELECT json_build_array(m.origin_returned_move_id, \
         sum(CASE m.state WHEN 'done' THEN m.quantity_done ELSE m.product_uom_qty END)::text)::text \
         FROM stock_move m WHERE m.deleted_at IS NULL AND m.state <> 'cancel' AND m.origin_returned_move_id = ANY(",
    );
    sql.bind(shipped.iter().map(|one| one.id).collect::<Vec<_>>()).push(") GROUP BY m.origin_returned_move_id");
    let back: BTreeMap<i64, Decimal> = rows::load::<(i64, Decimal)>(tx, sql).await?.into_iter().collect();
    Ok(shipped.iter().map(|one| (one.id, one.quantity_done - back.get(&one.id).copied().unwrap_or_default())).collect())
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
