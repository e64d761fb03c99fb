//! Lines that come with their documents: bound by ids of their own, and changed, made and removed so that they are as given.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable};
use jsonrpc::Fault;
use jsonrpc::import::{Batch, MOST_PARTS, MOST_PARTS_OF_ALL, Misfit, Outcome, Part, Record};
use records::values::content_hash;
use records::{Failure, Kind, Tx, importing, sql};
use serde_json::{Map, Value as Json, json};

use super::{Bound, Imported, Taking, Takings, bound, is_id, lacking, reading, used};

/// The lines of a batch's records, of one field.
pub(super) struct Lines {
    /// The documents' field.
    pub field: &'static str,
    /// The lines' field that names their document.
    pub inverse: &'static str,
    pub takings: Takings,
    /// What their documents have no more.
    pub gone: Vec<Gone>,
}

/// A line that its document has no more.
pub(super) struct Gone {
    pub parent: usize,
    pub id: i64,
}

/// A line of a record that was taken before.
#[derive(QueryableByName)]
struct Before {
    #[diesel(embed)]
    bound: Bound,
    #[diesel(sql_type = Nullable<BigInt>)]
    of: Option<i64>,
}

/// That a batch has no more parts than may be, each with an id of its own.
///
/// # Errors
/// 422 for one that has.
pub(super) fn bounded(records: &[Record]) -> Result<(), Fault> {
    let mut ids: BTreeSet<(&str, i64)> = BTreeSet::new();
    for record in records {
        let mut many = 0;
        for (field, parts) in &record.parts {
            many += parts.len();
            for part in parts {
                if !is_id(&part.odoo_id) || !ids.insert((field, part.odoo_id)) {
                    return Err(Fault::validation(format!("Each part of a batch has an id of its own, from 1 to {}.", i32::MAX)));
                }
                if !part.parts.is_empty() || part.merge {
                    return Err(Fault::validation("A part has no parts, and is merged with nothing."));
                }
            }
        }
        if many > MOST_PARTS || ids.len() > MOST_PARTS_OF_ALL {
            return Err(Fault::validation(format!(
                "A record has {MOST_PARTS} parts at most, and all records of a batch have {MOST_PARTS_OF_ALL}."
            )));
        }
    }
    Ok(())
}

/// What lines say; what is wrong with one, refuses its document. Their digests are part of their document's.
pub(super) async fn read(tx: &mut Tx<'_>, imported: &Imported, batch: &Batch, docs: &mut [Taking]) -> Result<Vec<Lines>, Failure> {
    let registry = tx.registry;
    let of = registry.model(imported.stored_as)?;
    for (taking, record) in docs.iter_mut().zip(&batch.records) {
        let other = record.parts.keys().find(|field| !imported.parts.iter().any(|part| part.field == field.as_str()));
        if let Some(other) = other {
            taking.refuse(Misfit::Value, format!("The field '{}' of {} has no parts", records::model::clip(other), of.name));
        }
    }
    let mut all = Vec::with_capacity(imported.parts.len());
    for part in imported.parts {
        let Some(Kind::One2many { comodel, inverse }) = of.field(part.field).map(|field| field.kind.clone()) else {
            return Err(crate::our_fault(of.name, "records that have no such parts are to come with them", &part.field).into());
        };
        let stored_as = registry.model(comodel)?;
        let model = importing::of_history(stored_as, part.kept);
        let records = batch.records.iter().enumerate().flat_map(|(n, record)| {
            let lines = record.parts.get(part.field).into_iter().flatten();
            lines.map(move |line| (line, Some(n)))
        });
        let mut takings = reading::read(tx, &model, records.collect()).await?;
        lacking(&mut takings, part.lacks);
        let takings = Takings { model, name: comodel, all: takings };
        let lines = Lines { field: part.field, inverse, takings, gone: Vec::new() };
        refuse_documents(&lines, docs);
        all.push(lines);
    }
    digest(&all, docs);
    Ok(all)
}

fn digest(all: &[Lines], docs: &mut [Taking]) {
    let mut of_parts: BTreeMap<usize, BTreeMap<String, &str>> = BTreeMap::new();
    for (lines, taking) in all.iter().flat_map(|lines| lines.takings.all.iter().map(move |taking| (lines, taking))) {
        let Some(parent) = taking.parent else { continue };
        of_parts.entry(parent).or_default().insert(format!("{} {}", lines.field, taking.record.odoo_id), &taking.digest);
    }
    for (n, parts) in of_parts {
        if let Some(taking) = docs.get_mut(n) {
            let own = taking.digest.as_str();
            taking.digest = content_hash(&Map::from_iter([("record".to_owned(), json!(own)), ("parts".to_owned(), json!(parts))]));
        }
    }
}

/// Documents whose lines are not taken are not taken either; the reason names the line.
pub(super) fn refuse_documents(lines: &Lines, docs: &mut [Taking]) {
    for taking in &lines.takings.all {
        let Some(document) = taking.parent.and_then(|parent| docs.get_mut(parent)).filter(|document| document.is_open()) else { continue };
        if let Some(Outcome::Refused { misfit, reason, record_id, odoo }) = &taking.outcome {
            let reason = format!("{} {} there: {reason}", lines.field, taking.record.odoo_id);
            document.refuse_for(*misfit, reason, *record_id, odoo.clone());
        }
    }
}

/// Of documents with which nothing is to be done, nothing is to be done with their lines.
pub(super) fn close(lines: &mut Lines, docs: &[Taking]) {
    let is_open = |parent: usize| docs.get(parent).is_some_and(Taking::is_open);
    for taking in lines.takings.all.iter_mut().filter(|taking| !taking.parent.is_some_and(is_open)) {
        taking.refuse(Misfit::Link, "Its document stays as it is.");
    }
    lines.gone.retain(|gone| is_open(gone.parent));
}

/// Which lines were taken before, and which of those are gone there. Where one was changed here since, its document stays as it is.
pub(super) async fn of_before(tx: &mut Tx<'_>, batch: &Batch, parts: &mut [Lines], docs: &mut [Taking]) -> Result<(), Failure> {
    for lines in parts {
        close(lines, docs);
        let Lines { takings: Takings { model, name, all }, gone, field, .. } = lines;
        let wanted: BTreeSet<_> = all.iter().filter(|line| line.is_open()).map(|line| ((*name).to_owned(), line.record.odoo_id)).collect();
        let mut before: BTreeMap<i64, Bound> = match wanted.is_empty() {
            true => BTreeMap::new(),
            false => bound(tx, &batch.source, wanted).await?.into_iter().map(|one| (one.odoo_id, one)).collect(),
        };
        let documents = docs.iter().enumerate().filter(|(_, document)| document.is_open() && document.bound.is_some());
        let documents: BTreeMap<i64, usize> = documents.map(|(n, document)| (document.record.odoo_id, n)).collect();
        let theirs: Vec<Before> = match documents.is_empty() {
            true => Vec::new(),
            false => tx.rows(sql!("parts_of.sql", batch.source.as_str(), *name, documents.keys().copied().collect::<Vec<_>>())).await?,
        };
        let given: BTreeSet<i64> = all.iter().map(|line| line.record.odoo_id).collect();
        let missing: Vec<Before> = theirs.into_iter().filter(|one| !given.contains(&one.bound.odoo_id)).collect();
        let ids: Vec<i64> = before.values().chain(missing.iter().map(|one| &one.bound)).map(|one| one.record_id).collect();
        let there = if ids.is_empty() { BTreeMap::new() } else { used(tx, model, ids).await? };
        let as_it_was = |one: &Bound| there.get(&one.record_id) == Some(&(one.version, true));
        let mut changed = Vec::new();
        for line in all.iter_mut().filter(|line| line.is_open()) {
            let Some(one) = before.remove(&line.record.odoo_id) else { continue };
            if !as_it_was(&one) {
                changed.extend(line.parent.map(|parent| (parent, one.odoo_id)));
            }
            (line.id, line.bound) = (Some(one.record_id), Some(one));
        }
        for Before { bound: one, of } in missing {
            let Some(parent) = of.and_then(|of| documents.get(&of)).copied() else { continue };
            if !as_it_was(&one) {
                changed.push((parent, one.odoo_id));
            }
            gone.push(Gone { parent, id: one.record_id });
        }
        for (parent, line) in changed {
            if let Some(document) = docs.get_mut(parent) {
                let id = document.id;
                document.refuse_for(Misfit::Changed, format!("{field} {line} there: it was changed here since it was taken."), id, None);
            }
        }
    }
    Ok(())
}

/// Which records here the lines of documents are that are taken, by the ids of their documents there.
pub(super) async fn here(tx: &mut Tx<'_>, batch: &Batch, docs: &Takings, parts: &[Lines]) -> Result<BTreeMap<i64, Vec<Part>>, Failure> {
    let mut here: BTreeMap<i64, Vec<Part>> = BTreeMap::new();
    let is_taken = |taking: &&Taking| matches!(taking.outcome, Some(Outcome::Taken { .. }) | None);
    let taken: Vec<i64> = docs.all.iter().filter(is_taken).map(|taking| taking.record.odoo_id).collect();
    for lines in parts.iter().filter(|lines| !lines.takings.all.is_empty() && !taken.is_empty()) {
        let name = lines.takings.name;
        let found: Vec<Before> = tx.rows(sql!("parts_of.sql", batch.source.as_str(), name, taken.clone())).await?;
        for Before { bound, of } in found {
            let part = Part { model: name.to_owned(), odoo_id: bound.odoo_id, record_id: bound.record_id };
            here.entry(of.unwrap_or_default()).or_default().push(part);
        }
    }
    Ok(here)
}

/// The row of a line: its document's id, besides what it says.
pub(super) fn row(lines: &Lines, line: &Taking, document: i64) -> Map<String, Json> {
    let mut row = importing::row(&lines.takings.model, &line.values);
    row.insert("id".to_owned(), line.id.into());
    row.insert(lines.inverse.to_owned(), document.into());
    row
}
