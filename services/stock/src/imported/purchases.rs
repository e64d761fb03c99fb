//! Purchases of another Odoo, with what of their lines was received there.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable};
use jsonrpc::Fault;
use jsonrpc::import::{Batch, Became, Misfit, Record};
use records::values::Problems;
use records::{Values, sql};
use serde_json::Value as Json;
use service::Owner;
use service::importing::{Finishing, Imported, Part};

use super::{PURCHASES, Read, one_link, refused, through};
use crate::Stock;

const IMPORTED: &[Imported] = &[Imported {
    model: PURCHASES,
    stored_as: PURCHASES,
    keys: |rows| sql!("purchases.sql", rows),
    lacks: |values| {
        lacks(values, &[("name", "Field 'name' of purchase.order is required"), ("state", "Field 'state' of purchase.order is required")])
    },
    history: true,
    parts: &[Part {
        field: "order_line",
        lacks: |values| {
            lacks(
                values,
                &[
                    ("product_id", "Field 'product_id' of purchase.order.line is required"),
                    ("name", "Field 'name' of purchase.order.line is required"),
                    ("manufacturer_ref", "Field 'manufacturer_ref' of purchase.order.line is required"),
                    ("product_qty", "Field 'product_qty' of purchase.order.line is required"),
                ],
            )
        },
        kept: &[],
    }],
    after: Some(|ids| sql!("purchase_names.sql", ids)),
    ..Imported::PLAIN
}];

/// The first of these fields that is not said.
pub(super) fn lacks(values: &Values, needed: &[(&str, &'static str)]) -> Option<&'static str> {
    needed.iter().find(|(field, _)| values.get(field).is_none()).map(|(_, lack)| *lack)
}

/// Whose a warehouse is.
#[derive(QueryableByName)]
struct Owned {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    partner: Option<i64>,
}

/// Takes a batch of purchases.
///
/// # Errors
/// Those of the engine.
pub(super) async fn import(owner: &Owner<Stock>, mut batch: Batch, traceparent: Option<&String>) -> Result<Vec<Became>, Fault> {
    let read = std::mem::take(&mut batch.records).into_iter().map(read).collect();
    let owned: Vec<Owned> = owner.database.rows(sql!("owned.sql")).await?;
    let owned: BTreeMap<i64, Option<i64>> = owned.into_iter().map(|one| (one.id, one.partner)).collect();
    let finish = |finishing: Finishing<'_>| {
        if finishing.model == PURCHASES {
            // A purchase is for whom its warehouse is
            let warehouse = finishing.row.get("warehouse_id").and_then(Json::as_i64);
            let partner = warehouse.and_then(|id| owned.get(&id).copied().flatten());
            finishing.row.insert("partner_id".to_owned(), partner.into());
        }
        Ok(())
    };
    through(batch, read, |batch| async move { owner.import_finished(IMPORTED, &batch, &finish, traceparent).await }).await
}

fn read(mut record: Record) -> Read<Record> {
    let mut problems = Problems::default();
    one_link(&record, "warehouse_id", &mut problems);
    problems.check().map_err(|fault| refused(&record, Misfit::Value, fault.message))?;
    for line in record.parts.get_mut("order_line").into_iter().flatten() {
        if let Some(received) = line.values.remove("qty_received") {
            line.values.insert("qty_received_before".to_owned(), received);
        }
    }
    Ok(record)
}
