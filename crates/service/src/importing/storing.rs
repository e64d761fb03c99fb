//! What is open is stored, and what it is here is noted.

use std::collections::{BTreeMap, BTreeSet};

use diesel::result::{DatabaseErrorKind, Error as DbError};
use diesel_async::SimpleAsyncConnection;
use domain::when;
use jsonrpc::Fault;
use jsonrpc::import::{Batch, How, Misfit, Outcome};
use records::tx::taken;
use records::write::{self, OnConflict};
use records::{Failure, Model, Tx, importing, sql};
use serde_json::{Map, Value as Json, json};

use super::parts::Lines;
use super::{Finish, Finishing, Taking, Takings, parts, used};
use crate::database::{is_closed, is_transient};

/// Stores what is open: all at once, and, where the database refuses something, one after the other.
pub(super) async fn store(tx: &mut Tx<'_>, docs: &mut Takings, parts: &[Lines], finish: Finish<'_>) -> Result<(), Failure> {
    let open: Vec<usize> = docs.all.iter().enumerate().filter(|(_, taking)| taking.is_open()).map(|(n, _)| n).collect();
    if open.is_empty() {
        return Ok(());
    }
    let Err(failure) = at_once(tx, docs, parts, &open, finish).await else { return Ok(()) };
    passes(&failure)?;
    for n in open {
        if let Err(failure) = at_once(tx, docs, parts, &[n], finish).await {
            passes(&failure)?;
            let failure = match failure {
                Failure::Database(error) => taken(&docs.model, error),
                other => other,
            };
            let (misfit, reason) = match failure {
                Failure::Taken { fault, .. } => (Misfit::Taken, fault.message),
                Failure::Fault(fault) => (Misfit::Value, fault.message),
                Failure::Database(DbError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => {
                    (Misfit::Link, "It refers to a record that is not here.".to_owned())
                }
                Failure::Database(_) => (Misfit::Value, "The database can't take it.".to_owned()),
            };
            if let Some(taking) = docs.all.get_mut(n) {
                taking.refuse(misfit, reason);
            }
        }
    }
    Ok(())
}

/// What is no record's fault ends the batch: it is tried again.
///
/// # Errors
/// That failure.
fn passes(failure: &Failure) -> Result<(), Failure> {
    match failure {
        Failure::Database(error) if is_transient(error) => Err(Fault::busy().into()),
        Failure::Database(error) if is_closed(error) => Err(Fault::unavailable("The database is away.").into()),
        Failure::Database(DbError::DatabaseError(..)) | Failure::Taken { .. } => Ok(()),
        Failure::Fault(fault) if !fault.nature().passes() => Ok(()),
        Failure::Fault(fault) => Err(fault.clone().into()),
        Failure::Database(error) => Err(Fault::unavailable(format!("The database answered what can't be read: {error}")).into()),
    }
}

async fn at_once(tx: &mut Tx<'_>, docs: &mut Takings, parts: &[Lines], these: &[usize], finish: Finish<'_>) -> Result<(), Failure> {
    tx.conn.batch_execute("SAVEPOINT taking").await?;
    let stored = insert_or_update(tx, docs, parts, these, finish).await;
    let end = if stored.is_ok() { "RELEASE SAVEPOINT taking" } else { "ROLLBACK TO SAVEPOINT taking; RELEASE SAVEPOINT taking" };
    if stored.as_ref().err().is_none_or(|failure| passes(failure).is_ok()) {
        tx.conn.batch_execute(end).await?;
    }
    let made = stored?;
    for n in these {
        let Some(taking) = docs.all.get_mut(*n) else { continue };
        match (taking.id, &taking.bound) {
            (Some(id), Some(_)) => taking.take(Some(id), How::Changed),
            (Some(id), None) if made.contains(&id) => taking.take(Some(id), How::Made),
            _ => taking.refuse(Misfit::Taken, "Another record here has its reference, or its natural key since just now."),
        }
    }
    Ok(())
}

/// Rows on their way: new ones, and those of records that are there.
#[derive(Default)]
struct Rows {
    new: Vec<Map<String, Json>>,
    changed: Vec<Map<String, Json>>,
}

impl Rows {
    fn add(&mut self, taking: &Taking, mut row: Map<String, Json>) {
        if taking.bound.is_some() {
            self.changed.push(row);
            return;
        }
        if let Some(moment) = taking.record.create_date.as_deref().and_then(when::moment) {
            row.insert("create_date".to_owned(), moment.to_rfc3339().into());
        }
        self.new.push(row);
    }

    /// Answers the ids of those that were made.
    async fn store(self, tx: &mut Tx<'_>, model: &Model, on_conflict: OnConflict) -> Result<BTreeSet<i64>, Failure> {
        // A column that one of them names is null in the others, which a date of making can't be
        let (dated, undated): (Vec<_>, Vec<_>) = self.new.into_iter().partition(|row| row.contains_key("create_date"));
        let mut made = BTreeSet::new();
        for rows in [dated, undated].iter().filter(|rows| !rows.is_empty()) {
            let insert = write::insert(model, &tx.author, &write::columns(model, rows)?, rows, on_conflict, "NULL");
            made.extend(tx.ids_of_new(insert).await?);
        }
        tx.update_rows(model, &self.changed).await?;
        Ok(made)
    }
}

/// Answers the ids of those that were made.
async fn insert_or_update(
    tx: &mut Tx<'_>,
    docs: &Takings,
    all_parts: &[Lines],
    these: &[usize],
    finish: Finish<'_>,
) -> Result<BTreeSet<i64>, Failure> {
    let mut rows = Rows::default();
    let mut of_documents: BTreeMap<usize, (i64, Map<String, Json>)> = BTreeMap::new();
    for (n, taking) in these.iter().filter_map(|n| Some((*n, docs.all.get(*n)?))) {
        let Some(id) = taking.id else { continue };
        let mut row = importing::row(&docs.model, &taking.values);
        row.insert("id".to_owned(), id.into());
        if let Some(reference) = &taking.record.reference {
            row.insert("ref_odoo".to_owned(), reference.as_str().into());
        }
        finish(Finishing { model: docs.model.name, id, values: &taking.values, of: None, row: &mut row })?;
        if !all_parts.is_empty() {
            of_documents.insert(n, (id, row.clone()));
        }
        rows.add(taking, row);
    }
    let made = rows.store(tx, &docs.model, OnConflict::Skip).await?;
    // What another has taken meanwhile has no lines of ours
    of_documents.retain(|n, (id, _)| made.contains(id) || docs.all.get(*n).is_some_and(|taking| taking.bound.is_some()));
    for lines in all_parts {
        let model = &lines.takings.model;
        let gone: Vec<i64> = lines.gone.iter().filter(|gone| of_documents.contains_key(&gone.parent)).map(|gone| gone.id).collect();
        if !gone.is_empty() {
            tx.ids(write::tombstone(model, &tx.author, gone)).await?;
        }
        let mut rows = Rows::default();
        for line in &lines.takings.all {
            let document = line.parent.and_then(|parent| of_documents.get(&parent));
            let (Some((document, of)), Some(id)) = (document, line.id) else { continue };
            let mut row = parts::row(lines, line, *document);
            finish(Finishing { model: model.name, id, values: &line.values, of: Some(of), row: &mut row })?;
            rows.add(line, row);
        }
        rows.store(tx, model, OnConflict::Fail).await?;
    }
    Ok(made)
}

/// A record of which is noted what it is here.
struct Noted {
    odoo_id: i64,
    id: i64,
    of: Option<i64>,
    write_date: Option<String>,
    digest: String,
    /// Its version before, where it was left as it is.
    before: Option<i64>,
}

impl Noted {
    fn of(taking: &Taking, of: Option<i64>, before: Option<i64>) -> Option<Noted> {
        let moment = taking.record.write_date.as_deref().and_then(when::moment);
        let write_date = moment.map(|moment| moment.to_rfc3339());
        Some(Noted { odoo_id: taking.record.odoo_id, id: taking.id?, of, write_date, digest: taking.digest.clone(), before })
    }
}

/// Those that are taken.
fn documents(docs: &Takings) -> Vec<Noted> {
    let done = docs.all.iter().filter_map(|taking| {
        let Some(Outcome::Taken { how, .. }) = taking.outcome else { return None };
        // What is the same may have been changed here: of that the version is still the one before
        let before = taking.bound.as_ref().filter(|_| how == How::Same).map(|before| before.version);
        Noted::of(taking, taking.record.of, before)
    });
    done.collect()
}

/// The lines of those that were stored, and the ids of those that they have no more.
fn lines_of(docs: &Takings, lines: &Lines) -> (Vec<Noted>, Vec<i64>) {
    let stored = |parent: usize| {
        let taking = docs.all.get(parent)?;
        matches!(taking.outcome, Some(Outcome::Taken { how: How::Made | How::Changed, .. })).then_some(taking.record.odoo_id)
    };
    let done = lines.takings.all.iter().filter_map(|line| Noted::of(line, Some(stored(line.parent?)?), None)).collect();
    (done, lines.gone.iter().filter(|gone| stored(gone.parent).is_some()).map(|gone| gone.id).collect())
}

/// Notes which records here they are, and their lines.
pub(super) async fn bind(tx: &mut Tx<'_>, batch: &Batch, docs: &Takings, parts: &[Lines]) -> Result<(), Failure> {
    note(tx, batch, docs, documents(docs)).await?;
    for lines in parts {
        let (done, gone) = lines_of(docs, lines);
        if !gone.is_empty() {
            tx.run(sql!("unbind.sql", batch.source.as_str(), lines.takings.name, gone)).await?;
        }
        note(tx, batch, &lines.takings, done).await?;
    }
    Ok(())
}

async fn note(tx: &mut Tx<'_>, batch: &Batch, takings: &Takings, done: Vec<Noted>) -> Result<(), Failure> {
    if done.is_empty() {
        return Ok(());
    }
    let now = used(tx, &takings.model, done.iter().map(|one| one.id).collect()).await?;
    let mut rows = Vec::new();
    for Noted { odoo_id, id, of, write_date, digest, before } in done {
        let Some((version, _)) = now.get(&id) else { continue };
        rows.push(json!({"odoo_id": odoo_id, "record_id": id, "of": of, "write_date": write_date,
            "version": before.unwrap_or(*version), "digest": digest}));
    }
    tx.run(sql!("bind.sql", batch.source.as_str(), takings.name, Json::from(rows).to_string())).await.map(drop)
}
