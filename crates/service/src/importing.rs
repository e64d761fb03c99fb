//! Records of another Odoo are taken: each with its id, its reference and its natural key, or with the reason why not. They are stored
//! with what binds them in one transaction, their events are no changes (`Cause::Import`), and the same batch again does nothing.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::result::{DatabaseErrorKind, Error as DbError};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::SimpleAsyncConnection;
use domain::{Identity, when};
use jsonrpc::Fault;
use jsonrpc::import::{Batch, Became, How, MOST, Misfit, Outcome, Record};
use records::tx::taken;
use records::values::{Mode, Problems, content_hash};
use records::write::{self, Cause, OnConflict};
use records::{Failure, Kind, Model, Statement, Tx, Value, Values, importing, sql};
use serde_json::{Map, Value as Json, json};

use crate::database::{fault, is_closed, is_transient};
use crate::owner::{Owner, Service};
use crate::transaction::{Broken, For, Step};

/// The longest name of an Odoo, in characters.
const LONGEST: usize = 64;
/// How deep records of one batch may refer to each other.
const DEPTH: usize = 100;

/// A model whose records may come from another Odoo.
pub struct Imported {
    /// Its name; another than its table's where its records are known there by another.
    pub model: &'static str,
    /// The model whose events and table they are.
    pub stored_as: &'static str,
    /// Who has the natural keys of these rows, JSON with their numbers `n`: rows [`Holder`].
    pub keys: fn(String) -> Statement,
    /// What a record must have besides what its declaration says, where it has it not.
    pub lacks: fn(&Values) -> Option<&'static str>,
}

/// Who has the natural key of a row.
#[derive(QueryableByName)]
struct Holder {
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    record_id: Option<i64>,
    #[diesel(sql_type = BigInt)]
    first: i64,
}

/// A record that was taken before.
#[derive(QueryableByName)]
struct Bound {
    #[diesel(sql_type = Text)]
    model: String,
    #[diesel(sql_type = BigInt)]
    odoo_id: i64,
    #[diesel(sql_type = BigInt)]
    record_id: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Nullable<Text>)]
    digest: Option<String>,
}

/// A record on its way.
struct Taking<'r> {
    record: &'r Record,
    values: Values,
    digest: String,
    bound: Option<Bound>,
    /// Its id here, as soon as there is one.
    id: Option<i64>,
    outcome: Option<Outcome>,
}

impl Taking<'_> {
    fn refuse(&mut self, misfit: Misfit, reason: impl Into<String>) {
        self.refuse_for(misfit, reason, None, None);
    }

    fn refuse_for(&mut self, misfit: Misfit, reason: impl Into<String>, record_id: Option<i64>, odoo: Option<(String, i64)>) {
        // The first reason is the nearest
        self.outcome.get_or_insert_with(|| Outcome::Refused { misfit, reason: reason.into(), record_id, odoo });
    }

    fn take(&mut self, record_id: Option<i64>, how: How) {
        (self.id, self.outcome) = (record_id, Some(Outcome::Taken { record_id, digest: self.digest.clone(), how }));
    }

    fn is_open(&self) -> bool {
        self.outcome.is_none()
    }
}

impl<S: Service> Owner<S> {
    /// Takes a batch of records of one of these models.
    ///
    /// # Errors
    /// 422 for a batch that is none, 503 where the database is away: nothing of it is stored then.
    pub async fn import(&self, known: &[Imported], batch: &Batch, traceparent: Option<&String>) -> Result<Vec<Became>, Fault> {
        let imported = known.iter().find(|imported| imported.model == batch.model);
        let Some(imported) = imported else { return Err(Fault::validation(format!("No records of {} are taken.", batch.model))) };
        if !(1..=LONGEST).contains(&batch.source.chars().count()) || batch.records.len() > MOST {
            return Err(Fault::validation(format!("A batch has a source of 1 to {LONGEST} characters, and {MOST} records at most.")));
        }
        let ids: BTreeSet<i64> = batch.records.iter().map(|record| record.odoo_id).collect();
        // As long as an Odoo's are, so that no sequence is used up
        let is_id = |id: &i64| (1..=i64::from(i32::MAX)).contains(id);
        if ids.len() < batch.records.len() || !ids.iter().all(is_id) || batch.greatest > i64::from(i32::MAX) {
            return Err(Fault::validation(format!("Each record of a batch has an id of its own, from 1 to {}.", i32::MAX)));
        }
        let whose = For { identity: &Identity::system(), claimed: None, bank: None, traceparent };
        let work = (imported, batch);
        let done = self.transaction(&whose, &work, |(imported, batch), tx| {
            Box::pin(async move {
                tx.author.cause = Cause::Import;
                let became = take(tx, imported, batch).await?;
                Ok(if batch.dry { Step::Nothing(became) } else { Step::Commit(became) })
            })
        });
        done.await.map_err(|broken| match broken {
            Broken::Undone(failure) => self.refusal(failure),
            Broken::Unknown(error) => fault(S::NAME, error),
        })
    }
}

async fn take(tx: &mut Tx<'_>, imported: &Imported, batch: &Batch) -> Result<Vec<Became>, Failure> {
    tx.run(sql!("importing/one_at_a_time.sql", imported.model)).await?;
    let model = tx.registry.model(imported.stored_as)?;
    let mut all = read(tx, model, batch).await?;
    for taking in &mut all {
        if let Some(lack) = (imported.lacks)(&taking.values).filter(|_| taking.is_open()) {
            taking.refuse(Misfit::Value, lack);
        }
    }
    of_before(tx, model, batch, &mut all).await?;
    give_ids(tx, model, batch, &mut all).await?;
    link(tx, model, batch, &mut all).await?;
    keys(tx, model, imported, &mut all).await?;
    // What refers to something that its key keeps out
    link(tx, model, batch, &mut all).await?;
    if !batch.dry {
        store(tx, model, &mut all).await?;
        bind(tx, model, batch, &all).await?;
    }
    let became = all.into_iter().map(|taking| {
        let made = || match (taking.bound.is_some(), batch.dry) {
            (true, _) => Outcome::Taken { record_id: taking.id, digest: taking.digest.clone(), how: How::Changed },
            (false, _) => Outcome::Taken { record_id: None, digest: taking.digest.clone(), how: How::Made },
        };
        Became { odoo_id: taking.record.odoo_id, outcome: taking.outcome.clone().unwrap_or_else(made) }
    });
    Ok(became.collect())
}

/// What records say, checked by the declaration; names become ids. The digest is of what is read, names as names.
async fn read<'r>(tx: &mut Tx<'_>, model: &Model, batch: &'r Batch) -> Result<Vec<Taking<'r>>, Failure> {
    let mut all = Vec::with_capacity(batch.records.len());
    for record in &batch.records {
        let mut data = record.values.clone();
        // Known when what they lead to is
        for field in record.links.keys() {
            data.insert(field.clone(), if model.field(field).is_some_and(|f| f.kind.is_list()) { json!([]) } else { json!(1) });
        }
        let mut problems = Problems::default();
        let mut values = Values::check(model, tx.identity, Mode::Create, data, &mut problems)?;
        let is_other = |name: &&String| model.field(name).is_some_and(|field| !field.is_public() || field.kind == Kind::Binary);
        for name in record.values.keys().filter(is_other) {
            problems.add(format!("The field '{name}' of {} does not come with its record", model.name));
        }
        for moment in [&record.create_date, &record.write_date].into_iter().flatten() {
            if when::moment(moment).is_none() {
                problems.add(format!("'{}' is no moment", records::model::clip(moment)));
            }
        }
        if record.reference.as_ref().is_some_and(|reference| model.field("ref_odoo").is_none() || !(1..=40).contains(&reference.len())) {
            problems.add(format!("A reference of {} can't be this one", model.name));
        }
        for field in record.links.keys() {
            values.remove(field);
            if model.field(field).is_none_or(|f| f.kind.comodel().is_none()) {
                problems.add(model.unknown_field(field));
            }
        }
        let said: Map<String, Json> = values.iter().map(|(name, value)| (name.to_owned(), as_json(value))).collect();
        let of = json!({"values": said, "links": record.links, "reference": record.reference, "created": record.create_date});
        let digest = content_hash(&Map::from_iter([("record".to_owned(), of)]));
        let mut taking = Taking { record, values, digest, bound: None, id: None, outcome: None };
        if let Err(fault) = problems.check() {
            taking.refuse(Misfit::Value, fault.message);
        }
        all.push(taking);
    }
    let mut values: Vec<Values> = all.iter().map(|taking| taking.values.clone()).collect();
    let mut problems = Problems::default();
    tx.resolve(model, &mut values, &mut problems).await?;
    match problems.is_empty() {
        true => all.iter_mut().zip(values).for_each(|(taking, resolved)| taking.values = resolved),
        // Some name nothing: which ones
        false => {
            for taking in &mut all {
                let mut problems = Problems::default();
                tx.resolve(model, std::slice::from_mut(&mut taking.values), &mut problems).await?;
                if let Err(fault) = problems.check() {
                    taking.refuse(Misfit::Value, fault.message);
                }
            }
        }
    }
    Ok(all)
}

fn as_json(value: &Value) -> Json {
    match value {
        Value::Plain(json) => json.clone(),
        Value::Name(name) => json!({"named": name}),
        Value::Change { push, pop } => json!({"push": push, "pop": pop}),
    }
}

/// What was taken before: the same is done; what was changed, removed or forgotten here since stays as it is.
async fn of_before(tx: &mut Tx<'_>, model: &Model, batch: &Batch, all: &mut [Taking<'_>]) -> Result<(), Failure> {
    let wanted = all.iter().map(|taking| (batch.model.clone(), taking.record.odoo_id)).collect();
    let mut bound: BTreeMap<i64, Bound> = bound(tx, &batch.source, wanted).await?.into_iter().map(|one| (one.odoo_id, one)).collect();
    let there = used(tx, model, bound.values().map(|one| one.record_id).collect()).await?;
    for taking in all {
        let Some(before) = bound.remove(&taking.record.odoo_id) else { continue };
        let id = before.record_id;
        taking.id = Some(id);
        match there.get(&id) {
            Some((_, true)) if before.digest.as_ref() == Some(&taking.digest) => taking.take(Some(id), How::Same),
            Some((_, true)) if before.digest.is_none() => {
                taking.refuse_for(Misfit::Removed, "The person was forgotten here.", Some(id), None);
            }
            Some((version, true)) if *version != before.version => {
                taking.refuse_for(Misfit::Changed, "The record was changed here since it was taken.", Some(id), None);
            }
            Some((_, true)) => {}
            Some((_, false)) | None => taking.refuse_for(Misfit::Removed, "The record was removed here.", Some(id), None),
        }
        taking.bound = Some(before);
    }
    Ok(())
}

async fn bound(tx: &mut Tx<'_>, source: &str, wanted: BTreeSet<(String, i64)>) -> Result<Vec<Bound>, Failure> {
    let (models, ids): (Vec<String>, Vec<i64>) = wanted.into_iter().unzip();
    tx.rows(sql!("importing/bound.sql", source, models, ids)).await
}

/// Which of these ids are used: their versions, and whether the records are there.
async fn used(tx: &mut Tx<'_>, model: &Model, ids: Vec<i64>) -> Result<BTreeMap<i64, (i64, bool)>, Failure> {
    let rows = importing::used(model, ids).load::<(BigInt, BigInt, Bool), (i64, i64, bool)>(tx.conn).await?;
    Ok(rows.into_iter().map(|(id, version, is_there)| (id, (version, is_there))).collect())
}

/// A new record has the id that it has there, or, where that is used, one beyond all of those. A rehearsal gives none but those.
async fn give_ids(tx: &mut Tx<'_>, model: &Model, batch: &Batch, all: &mut [Taking<'_>]) -> Result<(), Failure> {
    let is_new = |taking: &&mut Taking<'_>| taking.is_open() && taking.bound.is_none();
    let wanted: Vec<i64> = all.iter_mut().filter(is_new).map(|taking| taking.record.odoo_id).collect();
    let greatest = wanted.iter().copied().chain([batch.greatest]).max().unwrap_or_default();
    let used = used(tx, model, wanted.clone()).await?;
    if batch.dry {
        all.iter_mut().filter(is_new).for_each(|taking| taking.id = Some(taking.record.odoo_id));
        return Ok(());
    }
    let numbers = all.iter().filter_map(|taking| number_of(taking.record.reference.as_deref()?));
    let greatest = numbers.chain([greatest]).max().unwrap_or_default();
    tx.ids(importing::go_beyond(model, greatest)).await?;
    let many = i64::try_from(used.len()).unwrap_or(i64::MAX);
    let mut next = tx.ids(importing::next_ids(model, many)).await?.into_iter();
    for taking in all.iter_mut().filter(is_new) {
        let own = taking.record.odoo_id;
        taking.id = if used.contains_key(&own) { next.next() } else { Some(own) };
    }
    Ok(())
}

/// The number at the end of a reference, which a new record's must not be.
fn number_of(reference: &str) -> Option<i64> {
    let digits = reference.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.parse().ok().filter(|number| *number < i64::from(i32::MAX))
}

/// What records refer to, of what was taken before or comes with them; what refers to something that is not taken is not taken either.
async fn link(tx: &mut Tx<'_>, model: &Model, batch: &Batch, all: &mut [Taking<'_>]) -> Result<(), Failure> {
    let of_field = |field: &str| model.any_field(field).and_then(|field| Some((field.name, field.kind.is_list(), field.kind.comodel()?)));
    let mut wanted = BTreeSet::new();
    for taking in all.iter().filter(|taking| taking.is_open()) {
        for (field, ids) in &taking.record.links {
            let comodel = of_field(field).map(|(_, _, comodel)| comodel.to_owned());
            wanted.extend(comodel.into_iter().flat_map(|comodel| ids.iter().map(move |id| (comodel.clone(), *id))));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let known = bound(tx, &batch.source, wanted).await?;
    let mut known: BTreeMap<(String, i64), i64> = known.into_iter().map(|one| ((one.model, one.odoo_id), one.record_id)).collect();
    for _ in 0..DEPTH {
        known.retain(|(of, id), _| *of != batch.model || !all.iter().any(|taking| taking.record.odoo_id == *id));
        // What was taken before is there, but where it was removed
        let these = all.iter().filter(|taking| match taking.outcome {
            Some(Outcome::Refused { misfit, .. }) => taking.bound.is_some() && misfit != Misfit::Removed,
            Some(Outcome::Taken { .. }) | None => true,
        });
        known.extend(these.filter_map(|taking| Some(((batch.model.clone(), taking.record.odoo_id), taking.id?))));
        let mut is_done = true;
        for taking in all.iter_mut().filter(|taking| taking.is_open()) {
            for (field, ids) in &taking.record.links {
                let Some((name, is_list, comodel)) = of_field(field) else { continue };
                let here = |id: &i64| known.get(&(comodel.to_owned(), *id)).copied();
                let missing = ids.iter().find(|id| here(id).is_none());
                // Of a rehearsal nothing is stored that others refer to: whoever rehearses knows what would not be there
                let missing = missing.filter(|id| !batch.dry || *comodel == batch.model && all_has(batch, **id));
                if let Some(id) = missing {
                    let reason = format!("It refers to {comodel} {id} there ({}), which was not taken.", field);
                    let odoo = Some((comodel.to_owned(), *id));
                    taking.outcome.get_or_insert(Outcome::Refused { misfit: Misfit::Link, reason, record_id: None, odoo });
                    is_done = false;
                    break;
                }
                let here: Vec<i64> = ids.iter().filter_map(here).collect();
                match (is_list, here.first()) {
                    (true, _) => taking.values.set(name, here),
                    (false, first) => taking.values.set(name, first.copied()),
                }
            }
        }
        if is_done {
            return Ok(());
        }
    }
    Err(Fault::validation(format!("Records of one batch refer to each other over more than {DEPTH} others.")).into())
}

fn all_has(batch: &Batch, id: i64) -> bool {
    batch.records.iter().any(|record| record.odoo_id == id)
}

/// Whose natural keys are others': those that may are what is here already.
async fn keys(tx: &mut Tx<'_>, model: &Model, imported: &Imported, all: &mut [Taking<'_>]) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for (n, taking) in all.iter().enumerate().filter(|(_, taking)| taking.is_open()) {
        let mut row = importing::row(model, &taking.values);
        row.insert("n".to_owned(), n.into());
        rows.push(Json::from(row));
    }
    let held: Vec<Holder> = tx.rows((imported.keys)(Json::from(rows).to_string())).await?;
    let there: BTreeMap<i64, i64> = all.iter().enumerate().map(|(n, taking)| (index(n), taking.record.odoo_id)).collect();
    for Holder { n, record_id, first } in held {
        let Some(taking) = usize::try_from(n).ok().and_then(|n| all.get_mut(n)) else { continue };
        let is_new = taking.bound.is_none();
        match record_id.filter(|id| is_new || taking.id != Some(*id)) {
            Some(id) if is_new && taking.record.merge => taking.take(Some(id), How::Merged),
            Some(id) => taking.refuse_for(Misfit::Key, "Another record here has its natural key.", Some(id), None),
            None if first != n => {
                let other = there.get(&first).map(|id| (imported.model.to_owned(), *id));
                taking.refuse_for(Misfit::Key, "Another record of this batch has its natural key.", None, other);
            }
            None => {}
        }
    }
    Ok(())
}

fn index(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Stores what is open: all at once, and, where the database refuses something, one after the other.
async fn store(tx: &mut Tx<'_>, model: &Model, all: &mut [Taking<'_>]) -> Result<(), Failure> {
    let open: Vec<usize> = all.iter().enumerate().filter(|(_, taking)| taking.is_open()).map(|(n, _)| n).collect();
    if open.is_empty() {
        return Ok(());
    }
    let Err(failure) = at_once(tx, model, all, &open).await else { return Ok(()) };
    passes(&failure)?;
    for n in open {
        if let Err(failure) = at_once(tx, model, all, &[n]).await {
            passes(&failure)?;
            let failure = match failure {
                Failure::Database(error) => taken(model, error),
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
            if let Some(taking) = all.get_mut(n) {
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

async fn at_once(tx: &mut Tx<'_>, model: &Model, all: &mut [Taking<'_>], these: &[usize]) -> Result<(), Failure> {
    tx.conn.batch_execute("SAVEPOINT taking").await?;
    let stored = insert_or_update(tx, model, all, these).await;
    let end = if stored.is_ok() { "RELEASE SAVEPOINT taking" } else { "ROLLBACK TO SAVEPOINT taking; RELEASE SAVEPOINT taking" };
    if stored.as_ref().err().is_none_or(|failure| passes(failure).is_ok()) {
        tx.conn.batch_execute(end).await?;
    }
    let made = stored?;
    for n in these {
        let Some(taking) = all.get_mut(*n) else { continue };
        match (taking.id, &taking.bound) {
            (Some(id), Some(_)) => taking.take(Some(id), How::Changed),
            (Some(id), None) if made.contains(&id) => taking.take(Some(id), How::Made),
            _ => taking.refuse(Misfit::Taken, "Another record here has its reference, or its natural key since just now."),
        }
    }
    Ok(())
}

/// Answers the ids of those that were made.
async fn insert_or_update(tx: &mut Tx<'_>, model: &Model, all: &[Taking<'_>], these: &[usize]) -> Result<BTreeSet<i64>, Failure> {
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for taking in these.iter().filter_map(|n| all.get(*n)) {
        let mut row = importing::row(model, &taking.values);
        row.insert("id".to_owned(), taking.id.into());
        if let Some(reference) = &taking.record.reference {
            row.insert("ref_odoo".to_owned(), reference.as_str().into());
        }
        if taking.bound.is_some() {
            changed.push(row);
            continue;
        }
        if let Some(moment) = taking.record.create_date.as_deref().and_then(when::moment) {
            row.insert("create_date".to_owned(), moment.to_rfc3339().into());
        }
        new.push(row);
    }
    // A column that one of them names is null in the others, which a date of making can't be
    let (dated, undated): (Vec<_>, Vec<_>) = new.into_iter().partition(|row| row.contains_key("create_date"));
    let mut made = BTreeSet::new();
    for rows in [dated, undated].iter().filter(|rows| !rows.is_empty()) {
        let insert = write::insert(model, &tx.author, &write::columns(model, rows)?, rows, OnConflict::Skip, "NULL");
        made.extend(tx.ids_of_new(insert).await?);
    }
    tx.update_rows(model, &changed).await?;
    Ok(made)
}

/// Notes which records here they are.
async fn bind(tx: &mut Tx<'_>, model: &Model, batch: &Batch, all: &[Taking<'_>]) -> Result<(), Failure> {
    let done = |taking: &&Taking<'_>| matches!(taking.outcome, Some(Outcome::Taken { .. }));
    let now = used(tx, model, all.iter().filter(done).filter_map(|taking| taking.id).collect()).await?;
    let mut rows = Vec::new();
    for taking in all.iter().filter(done) {
        let Some((id, (version, _))) = taking.id.and_then(|id| Some((id, now.get(&id)?))) else { continue };
        let moment = taking.record.write_date.as_deref().and_then(when::moment).map(|moment| moment.to_rfc3339());
        // What is the same may have been changed here: of that the version is still the one before
        let version = match (&taking.outcome, &taking.bound) {
            (Some(Outcome::Taken { how: How::Same, .. }), Some(before)) => before.version,
            _ => *version,
        };
        rows.push(json!({"odoo_id": taking.record.odoo_id, "record_id": id, "of": taking.record.of, "write_date": moment,
            "version": version, "digest": taking.digest}));
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.run(sql!("importing/bind.sql", batch.source.as_str(), batch.model.as_str(), Json::from(rows).to_string())).await.map(drop)
}
