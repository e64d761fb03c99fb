//! Warehouses of another Odoo. One of a point of sale is named and coded as that is, and is the one that it has here, if it has one.

use std::collections::BTreeSet;

use jsonrpc::Fault;
use jsonrpc::import::{Batch, Became, Misfit, Record};
use partners_contract::{PointOfSale, Points, PointsOfSale};
use records::sql;
use records::values::{Problems, whole};
use serde_json::Value as Json;
use service::Owner;
use service::importing::Imported;

use super::{Read, WAREHOUSES, refused, text, through, unlinked};
use crate::{Stock, documents, stock_warehouse};

const IMPORTED: &[Imported] = &[Imported {
    model: WAREHOUSES,
    stored_as: WAREHOUSES,
    keys: |rows| sql!("warehouses.sql", rows),
    history: true,
    kept: &["closed"],
    then: Some(|tx, ids| Box::pin(stock_warehouse::complete(tx, ids))),
    ..Imported::PLAIN
}];

/// Takes a batch of warehouses.
///
/// # Errors
/// Those of the engine; 503 where partners are away.
pub(super) async fn import(owner: &Owner<Stock>, mut batch: Batch, traceparent: Option<&String>) -> Result<Vec<Became>, Fault> {
    let ids: BTreeSet<i64> = batch.records.iter().filter_map(point_of).collect();
    let points = match ids.is_empty() || super::guesses(&batch) {
        true => Points::new(),
        false => owner.ask(&PointsOfSale { ids, ..PointsOfSale::default() }, traceparent).await?,
    };
    let dry = super::guesses(&batch);
    // What its point of sale is called now, it is called too: that is no change of somebody's here
    batch.verify = false;
    let read = std::mem::take(&mut batch.records).into_iter().map(|record| read(record, &points, dry)).collect();
    let finish = |finishing: service::importing::Finishing<'_>| {
        let partner = finishing.row.get("partner_id").and_then(Json::as_i64);
        let point: Option<&PointOfSale> = points.values().find(|point| Some(point.id) == partner);
        // Whether it is closed, a change of the point of sale tells from its version on
        finishing.row.insert("closed".to_owned(), point.is_some_and(|point| point.closed).into());
        finishing.row.insert("partner_version".to_owned(), point.map_or(0, |point| point.version).into());
        Ok(())
    };
    through(batch, read, |batch| async move { owner.import_finished(IMPORTED, &batch, &finish, traceparent).await }).await
}

fn point_of(record: &Record) -> Option<i64> {
    record.values.get("partner_id").and_then(whole)
}

fn read(mut record: Record, points: &Points, dry: bool) -> Read<Record> {
    let mut problems = Problems::default();
    documents::only(&record.values, WAREHOUSES, &["name", "code", "partner_id", "active"], &mut problems);
    let name = text(&record.values, WAREHOUSES, "name", 600, &mut problems);
    let code = text(&record.values, WAREHOUSES, "code", 254, &mut problems);
    problems.check().map_err(|fault| refused(&record, Misfit::Value, fault.message))?;
    let found = point_of(&record).map(|id| points.iter().find(|(_, point)| point.id == id).ok_or(id)).transpose();
    let (name, code, active) = match found {
        Ok(Some((code, point))) => (point.name.clone(), code.clone(), point.active),
        Err(id) if !dry => return Err(unlinked(&record, "res.partner", id)),
        Ok(None) | Err(_) => (name, code, record.values.get("active") != Some(&Json::Bool(false))),
    };
    record.values.insert("name".to_owned(), name.into());
    record.values.insert("code".to_owned(), code.into());
    record.values.insert("active".to_owned(), active.into());
    // The one that its point of sale, or its code, has here is the same
    record.merge = true;
    Ok(record)
}
