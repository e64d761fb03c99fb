//! Goods that are broken or gone: written off from what is free at a place, with a reason that stands in the ledger.

use jsonrpc::{Call, Fault};
use records::{Action, Argument, Failure, Model, Tx, sql};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::documents;
use crate::stock_move::{self, Move, State};
use crate::stock_warehouse::{self, INVENTORY};

/// The longest reason, in characters: a document's origin has some more.
const MAX_REASON: usize = 200;
/// What the ledger begins the reason with.
const ORIGIN: &str = "Write-off: ";

/// The action of a quantity.
pub const WRITE_OFF: Action = Action {
    method: "action_write_off",
    arguments: &[
        Argument::needed("quantity", r#"{"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1000000000}"#),
        Argument::needed("reason", r#"{"type": "string", "minLength": 1, "maxLength": 200}"#),
    ],
    on_record: true,
    about: "Takes goods that are broken or gone out of what is free here; the ledger has the reason. 422 where less is free.",
};

/// What is there.
#[derive(Deserialize)]
struct There {
    product_id: i64,
    location_id: i64,
    product_name: String,
    manufacturer_ref: String,
    quantity: Decimal,
    reserved: Decimal,
    place: String,
}

/// Writes goods off: a move that is done, to where inventories put what is missing.
///
/// # Errors
/// 403 where the identity may not, 422 for what is no quantity or no reason, and where less is free.
pub async fn write_off(tx: &mut Tx<'_>, model: &Model, call: &Call, data: &Map<String, Json>) -> Result<(), Failure> {
    let locations = tx.ids(sql!("write_off/locations.sql", crate::named_ids(call)?)).await?;
    stock_warehouse::lock(tx, locations).await?;
    let found = crate::find(tx, model, call).await?;
    let mut problems = tx.problems();
    let quantity = documents::quantity("quantity", data.get("quantity"), &mut problems);
    let reason = match data.get("reason") {
        Some(Json::String(text)) if (1..=MAX_REASON).contains(&text.trim().chars().count()) => text.trim(),
        Some(_) | None => {
            problems.add(format!("`reason` is required: a text of 1 to {MAX_REASON} characters"));
            ""
        }
    };
    problems.check()?;
    let mut there: Vec<There> = tx.read(sql!("write_off/there.sql", found.ids)).await?;
    let (Some(one), Some(quantity), true) = (there.pop(), quantity, there.is_empty()) else {
        return Err(Fault::validation("One quantity at a time.").into());
    };
    let free = one.quantity - one.reserved;
    if quantity > free {
        let (free, reserved, quantity) = (free.normalize(), one.reserved.normalize(), quantity.normalize());
        let (reference, place) = (one.manufacturer_ref, one.place);
        return Err(Fault::validation(format!(
            "Only {free} of {reference} are free at {place}, {reserved} more are reserved: {quantity} can't be written off."
        ))
        .into());
    }
    let gone = Move {
        name: one.product_name,
        product_id: one.product_id,
        manufacturer_ref: one.manufacturer_ref,
        product_uom_qty: quantity,
        quantity_done: quantity,
        state: State::Done,
        location_id: one.location_id,
        location_dest_id: INVENTORY,
        origin: Some(format!("{ORIGIN}{reason}")),
        ..Move::default()
    };
    stock_move::insert_done(tx, vec![gone]).await
}
