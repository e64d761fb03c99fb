//! Records of another Odoo are taken: each with its id, its reference and its natural key, or with the reason why not. They are stored
//! with what binds them in one transaction, their events are no changes (`Cause::Import`), and the same batch again does nothing.

mod linking;
mod parts;
mod reading;
mod storing;

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use domain::Identity;
use jsonrpc::Fault;
use jsonrpc::import::{Batch, Became, How, MOST, Misfit, Outcome, Record};
use process::Pending;
use records::write::Cause;
use records::{Failure, Model, Statement, Tx, Values, importing, sql};
use serde_json::{Map, Value as Json};

use crate::database::fault;
use crate::owner::{Owner, Service};
use crate::transaction::{Broken, For, Step};

/// The longest name of an Odoo, in characters.
const LONGEST: usize = 64;

/// A model whose records may come from another Odoo.
pub struct Imported {
    /// Its name; another than its table's where its records are known there by another.
    pub model: &'static str,
    /// The model whose events and table they are.
    pub stored_as: &'static str,
    /// Who has the natural keys of these rows, JSON with their numbers `n`: rows [`Holder`].
    pub keys: fn(String) -> Statement,
    /// What a record must have besides what its declaration says, where it has it not. What it refers to by links is not among the values.
    pub lacks: fn(&Values) -> Option<&'static str>,
    /// Whether its records come as history: with what is stored of them and nobody may write.
    pub history: bool,
    /// Of history, what the service keeps itself: it does not come.
    pub kept: &'static [&'static str],
    /// The lines that come with a record.
    pub parts: &'static [Part],
    /// Whether a record is of the platform's side, not of the hub's.
    pub of_platform: fn(&Values) -> bool,
    /// What is put right after records were stored, by their ids: sequences of names, say.
    pub after: Option<fn(Vec<i64>) -> Statement>,
    /// What is done then with those that are here, by their ids: what belongs to them, say.
    pub then: Option<Then>,
}

/// What an owner does with records that were stored, in their transaction.
pub type Then = for<'t> fn(&'t mut Tx<'_>, Vec<i64>) -> Pending<'t, Result<(), Failure>>;

impl Imported {
    /// A model of plain records without a natural key; the others are told from it.
    pub const PLAIN: Imported = Imported {
        model: "",
        stored_as: "",
        keys: |rows| sql!("importing/no_keys.sql", rows),
        lacks: |_| None,
        history: false,
        kept: &[],
        parts: &[],
        of_platform: |_| false,
        after: None,
        then: None,
    };
}

/// Lines that come with their document, as history: a model of their own, bound by ids of their own.
pub struct Part {
    /// The document's one2many field.
    pub field: &'static str,
    /// What a line must have besides what its declaration says, where it has it not.
    pub lacks: fn(&Values) -> Option<&'static str>,
    /// What the service keeps itself of a line: it does not come.
    pub kept: &'static [&'static str],
}

/// A record that is about to be stored.
pub struct Finishing<'a> {
    /// The model that it is stored as.
    pub model: &'static str,
    /// Its id here.
    pub id: i64,
    /// What it says.
    pub values: &'a Values,
    /// The row of its document, of a line.
    pub of: Option<&'a Map<String, Json>>,
    /// Its own row, by columns.
    pub row: &'a mut Map<String, Json>,
}

/// What an owner adds to a row: what is sealed, or follows from what is said. What it refuses, refuses the record.
pub type Finish<'f> = &'f (dyn Fn(Finishing<'_>) -> Result<(), Fault> + Send + Sync);

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
struct Taking {
    /// Without its values and parts, which are read.
    record: Record,
    values: Values,
    digest: String,
    bound: Option<Bound>,
    /// Its id here, as soon as there is one.
    id: Option<i64>,
    /// Of a line, which of the batch's records it is a part of.
    parent: Option<usize>,
    outcome: Option<Outcome>,
}

impl Taking {
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

/// Records of one model on their way.
struct Takings {
    /// As its values are read and its rows are stored.
    model: Model,
    /// The name that they are bound under.
    name: &'static str,
    all: Vec<Taking>,
}

impl<S: Service> Owner<S> {
    /// Takes a batch of records of one of these models.
    ///
    /// # Errors
    /// 422 for a batch that is none, 503 where the database is away: nothing of it is stored then.
    pub async fn import(&self, known: &[Imported], batch: &Batch, traceparent: Option<&String>) -> Result<Vec<Became>, Fault> {
        self.import_finished(known, batch, &|_| Ok(()), traceparent).await
    }

    /// The same; the owner finishes each row.
    ///
    /// # Errors
    /// As [`Owner::import`].
    pub async fn import_finished(
        &self,
        known: &[Imported],
        batch: &Batch,
        finish: Finish<'_>,
        traceparent: Option<&String>,
    ) -> Result<Vec<Became>, Fault> {
        let imported = known.iter().find(|imported| imported.model == batch.model);
        let Some(imported) = imported else { return Err(Fault::validation(format!("No records of {} are taken.", batch.model))) };
        if !(1..=LONGEST).contains(&batch.source.chars().count()) || batch.records.len() > MOST {
            return Err(Fault::validation(format!("A batch has a source of 1 to {LONGEST} characters, and {MOST} records at most.")));
        }
        let ids: BTreeSet<i64> = batch.records.iter().map(|record| record.odoo_id).collect();
        if ids.len() < batch.records.len() || !ids.iter().all(is_id) || batch.greatest > i64::from(i32::MAX) {
            return Err(Fault::validation(format!("Each record of a batch has an id of its own, from 1 to {}.", i32::MAX)));
        }
        parts::bounded(&batch.records)?;
        let whose = For { identity: &Identity::system(), claimed: None, bank: None, traceparent };
        let work = (imported, batch, finish);
        let done = self.transaction(&whose, &work, |(imported, batch, finish), tx| {
            Box::pin(async move {
                tx.author.cause = Cause::Import;
                let became = take(tx, imported, batch, *finish).await?;
                Ok(if batch.dry { Step::Nothing(became) } else { Step::Commit(became) })
            })
        });
        done.await.map_err(|broken| match broken {
            Broken::Undone(failure) => self.refusal(failure),
            Broken::Unknown(error) => fault(S::NAME, error),
        })
    }
}

/// As long as an Odoo's are, so that no sequence is used up.
fn is_id(id: &i64) -> bool {
    (1..=i64::from(i32::MAX)).contains(id)
}

async fn take(tx: &mut Tx<'_>, imported: &Imported, batch: &Batch, finish: Finish<'_>) -> Result<Vec<Became>, Failure> {
    tx.run(sql!("importing/one_at_a_time.sql", imported.model)).await?;
    let stored_as = tx.registry.model(imported.stored_as)?;
    let model = if imported.history { importing::of_history(stored_as, imported.kept) } else { stored_as.clone() };
    let all = reading::read(tx, &model, batch.records.iter().map(|record| (record, None)).collect()).await?;
    let mut docs = Takings { model, name: imported.model, all };
    lacking(&mut docs.all, imported.lacks);
    let mut parts = parts::read(tx, imported, batch, &mut docs.all).await?;
    of_before(tx, batch, &mut docs).await?;
    parts::of_before(tx, batch, &mut parts, &mut docs.all).await?;
    give_ids(tx, batch, &mut docs).await?;
    linking::link(tx, batch, &mut docs).await?;
    linking::keys(tx, imported, &mut docs).await?;
    for lines in &mut parts {
        parts::close(lines, &docs.all);
        give_ids(tx, batch, &mut lines.takings).await?;
        linking::link(tx, batch, &mut lines.takings).await?;
        parts::refuse_documents(lines, &mut docs.all);
    }
    // What refers to something that its key, or one of its parts, keeps out
    linking::link(tx, batch, &mut docs).await?;
    parts.iter_mut().for_each(|lines| parts::close(lines, &docs.all));
    if !batch.dry {
        storing::store(tx, imported, &mut docs, &parts, finish).await?;
        storing::bind(tx, batch, &docs, &parts).await?;
        if let Some(after) = imported.after {
            let stored = docs.all.iter().filter(|taking| matches!(taking.outcome, Some(Outcome::Taken { .. })));
            tx.run(after(stored.filter_map(|taking| taking.id).collect())).await?;
        }
        if let Some(then) = imported.then {
            let stored = docs.all.iter().filter(|taking| matches!(taking.outcome, Some(Outcome::Taken { .. })));
            then(tx, stored.filter_map(|taking| taking.id).collect()).await?;
        }
    }
    let mut here = parts::here(tx, batch, &docs, &parts).await?;
    let became = docs.all.into_iter().map(|taking| {
        let made = || match (taking.bound.is_some(), batch.dry) {
            (true, _) => Outcome::Taken { record_id: taking.id, digest: taking.digest.clone(), how: How::Changed },
            (false, _) => Outcome::Taken { record_id: None, digest: taking.digest.clone(), how: How::Made },
        };
        let (odoo_id, outcome) = (taking.record.odoo_id, taking.outcome.clone().unwrap_or_else(made));
        Became { odoo_id, outcome, told: None, parts: here.remove(&odoo_id).unwrap_or_default() }
    });
    Ok(became.collect())
}

fn lacking(all: &mut [Taking], lacks: fn(&Values) -> Option<&'static str>) {
    for taking in all.iter_mut().filter(|taking| taking.is_open()) {
        if let Some(lack) = lacks(&taking.values) {
            taking.refuse(Misfit::Value, lack);
        }
    }
}

/// What was taken before: the same is done; what was changed, removed or forgotten here since stays as it is.
async fn of_before(tx: &mut Tx<'_>, batch: &Batch, docs: &mut Takings) -> Result<(), Failure> {
    let wanted = docs.all.iter().map(|taking| (docs.name.to_owned(), taking.record.odoo_id)).collect();
    let mut bound: BTreeMap<i64, Bound> = bound(tx, &batch.source, wanted).await?.into_iter().map(|one| (one.odoo_id, one)).collect();
    let there = used(tx, &docs.model, bound.values().map(|one| one.record_id).collect()).await?;
    for taking in &mut docs.all {
        let Some(before) = bound.remove(&taking.record.odoo_id) else { continue };
        let id = before.record_id;
        taking.id = Some(id);
        match there.get(&id) {
            Some((version, true)) if batch.verify && *version != before.version => {
                taking.refuse_for(Misfit::Changed, "The record was changed here since it was taken.", Some(id), None);
            }
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
async fn give_ids(tx: &mut Tx<'_>, batch: &Batch, takings: &mut Takings) -> Result<(), Failure> {
    let Takings { model, name, all } = takings;
    let is_new = |taking: &&mut Taking| taking.is_open() && taking.bound.is_none();
    let wanted: Vec<i64> = all.iter_mut().filter(is_new).map(|taking| taking.record.odoo_id).collect();
    if batch.dry {
        all.iter_mut().filter(is_new).for_each(|taking| taking.id = Some(taking.record.odoo_id));
        return Ok(());
    }
    // Of lines nobody says how many there are
    let known = if *name == batch.model { batch.greatest } else { 0 };
    let numbers = all.iter().filter_map(|taking| number_of(taking.record.reference.as_deref()?));
    let greatest = numbers.chain(wanted.iter().copied()).chain([known]).max().unwrap_or_default();
    let used = used(tx, model, wanted).await?;
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
