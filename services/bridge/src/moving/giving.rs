//! A page is given to its owner: what its rows need is looked up, each is converted, and what the owner answers is told record by record.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jsonrpc::import::{Batch, Became, MOST, Misfit, Outcome, Record};
use jsonrpc::{Fault, Question};
use records::sql;
use records::values::content_hash;
use serde::Deserialize;
use serde_json::{Map, json};

use super::pages::Ready;
use super::{Broken, Kept, LONGEST_KEY, LONGEST_REASON, Mover, links};
use crate::client::{Stop, id_of};
use crate::reading::{Clash, Converted, Known, Need, Page, PutAside, REFERS, Reader, Row, State, Taken, banks};

/// How often an owner is asked before the run lets go for a while.
const TRIES: u32 = 6;

/// The banks that the mapping names, which are no records there.
const MAPPED_BANKS: Reader = Reader {
    name: "res.bank/mapping",
    service: "partners",
    ours: "res.bank",
    theirs: "res.bank",
    domain: |_| None,
    fields: |_| Vec::new(),
    companions: &[],
    needs: |_, _| Vec::new(),
    convert: |_, _| Err(PutAside::new("value", "It is no record there.")),
};

/// What became of a record that others refer to.
#[derive(Deserialize)]
struct Found {
    model: String,
    wanted_id: Option<i64>,
    wanted_key: Option<String>,
    their_id: i64,
    record_id: Option<i64>,
    key: Option<String>,
    state: String,
}

impl Mover<'_> {
    /// Gives a page to the owner; answers what became of each of its rows.
    pub(super) async fn give(&self, reader: &'static Reader, Ready { rows, mut page }: Ready<'_>) -> Result<Vec<Kept>, Broken> {
        self.know(reader, &rows, &mut page).await?;
        let mut became = Vec::with_capacity(rows.len());
        let mut given = Vec::with_capacity(rows.len());
        for row in &rows {
            let their_id = id_of(row.get("id")).unwrap_or(0);
            match (reader.convert)(row, &page) {
                Ok(Converted::Record(taken)) => given.push(*taken),
                Ok(Converted::LeftOut { why }) => became.push(Kept::of(reader, their_id, "left_out").why("", why)),
                Err(aside) => {
                    let needs = aside.of.map(|(model, id)| (model.to_owned(), id));
                    became.push(Kept::of(reader, their_id, "refused").why(aside.misfit, aside.reason).needing(needs));
                }
            }
        }
        self.give_converted(reader, given, became).await
    }

    /// Tells a page what its rows need.
    pub(super) async fn know(&self, reader: &Reader, rows: &[Row], page: &mut Page<'_>) -> Result<(), Fault> {
        let needs: BTreeSet<Need> = rows.iter().flat_map(|row| (reader.needs)(row, page)).collect();
        for (need, known) in self.known(&needs).await? {
            page.know(need, known);
        }
        Ok(())
    }

    /// The banks that the mapping names; nothing there has their numbers, so each keeps the one that it got first.
    pub(super) async fn give_banks(&self) -> Result<Vec<Kept>, Broken> {
        #[derive(Deserialize)]
        struct Bank {
            name: String,
            number: i64,
        }
        let known: Vec<Bank> = self.owner.database.read(sql!("../kept/banks.sql", self.run.odoo_id)).await?;
        let known = known.into_iter().map(|bank| (bank.name, bank.number)).collect();
        let after = if self.world.fields.contains_key("res.bank") { self.odoo.greatest("res.bank").await? } else { 0 };
        self.give_converted(&MAPPED_BANKS, banks(&self.world, &known, after), Vec::new()).await
    }

    /// Gives what was converted.
    pub(super) async fn give_converted(&self, reader: &Reader, mut given: Vec<Taken>, mut became: Vec<Kept>) -> Result<Vec<Kept>, Broken> {
        if self.is_rehearsal() {
            given = self.linked(reader, given, &mut became).await?;
            given = self.unique(reader, given, &mut became).await?;
        }
        let mut again = Vec::new();
        let mut answers = self.ask_all(reader, given.iter().map(|taken| taken.record.clone())).await?;
        // What its owner has made by itself just now, as a point of sale's warehouse, is the same
        let is_just_made = |taken: &&Taken| {
            let outcome = answers.get(&taken.record.odoo_id).map(|became| &became.outcome);
            taken.record.merge && matches!(outcome, Some(Outcome::Refused { misfit: Misfit::Taken, .. }))
        };
        let just_made: Vec<Record> = given.iter().filter(is_just_made).map(|taken| taken.record.clone()).collect();
        if !just_made.is_empty() {
            answers.extend(self.ask_all(reader, just_made.into_iter()).await?);
        }
        for taken in given {
            match answers.get(&taken.record.odoo_id) {
                Some(Became { outcome: Outcome::Refused { misfit: Misfit::Key, .. }, .. }) if taken.clash.is_some() => again.push(taken),
                Some(_) => became.extend(self.of_answer(reader, &taken, &answers)?),
                None => return Err(silent(reader).into()),
            }
        }
        if !again.is_empty() {
            became.extend(self.give_otherwise(reader, again, &answers).await?);
        }
        Ok(became)
    }

    /// What is known of records, or of who has a key.
    async fn known(&self, needs: &BTreeSet<Need>) -> Result<Vec<(Need, Known)>, Fault> {
        let wanted: Vec<_> = needs.iter().map(wanted).collect();
        let found: Vec<Found> = self.look_up(&wanted).await?;
        let by: BTreeMap<(&str, Option<i64>, Option<&str>), &Found> =
            found.iter().map(|one| ((one.model.as_str(), one.wanted_id, one.wanted_key.as_deref()), one)).collect();
        let told = needs.iter().filter_map(|need| {
            let found = match need {
                Need::Id(model, id) => by.get(&(*model, Some(*id), None))?,
                Need::Key(model, key) => by.get(&(*model, None, Some(key.as_str())))?,
            };
            let state = match (found.record_id, found.state.as_str()) {
                (_, "taken") | (Some(_), "refused") => State::Taken,
                (_, "left_out") => State::LeftOut,
                _ => State::PutAside,
            };
            let known = Known { odoo_id: found.their_id, record_id: found.record_id.unwrap_or(0), key: found.key.clone(), state };
            Some((need.clone(), known))
        });
        Ok(told.collect())
    }

    /// Without those that refer to records of the same owner that would not be there: a rehearsal stores nothing there that would tell.
    async fn linked(&self, reader: &Reader, given: Vec<Taken>, became: &mut Vec<Kept>) -> Result<Vec<Taken>, Broken> {
        let mut referred = Vec::with_capacity(given.len());
        for taken in &given {
            referred.push(links::of(reader.ours, &taken.record)?);
        }
        let own: BTreeSet<i64> = given.iter().map(|taken| taken.record.odoo_id).collect();
        let mut here: BTreeSet<(&str, i64)> = own.iter().map(|id| (reader.ours, *id)).collect();
        let wanted: BTreeSet<Need> = referred.iter().flatten().map(|(model, id)| Need::Id(model, *id)).collect();
        let known = self.known(&wanted).await?;
        here.extend(known.iter().filter(|(_, known)| known.state == State::Taken).filter_map(|(need, _)| match need {
            Need::Id(model, id) => Some((*model, *id)),
            Need::Key(..) => None,
        }));
        let mut all: Vec<(Taken, Vec<(&'static str, i64)>)> = given.into_iter().zip(referred).collect();
        loop {
            let mut left = Vec::with_capacity(all.len());
            let before = all.len();
            for (taken, referred) in all {
                match referred.iter().find(|to| !here.contains(*to)) {
                    Some(to) => became.push(Kept::refers(reader, taken.record.odoo_id, *to)),
                    None => left.push((taken, referred)),
                }
            }
            if left.len() == before {
                return Ok(left.into_iter().map(|(taken, _)| taken).collect());
            }
            // What was on this page and is not taken is not there for those that refer to it
            let still: BTreeSet<i64> = left.iter().map(|(taken, _)| taken.record.odoo_id).collect();
            here.retain(|(model, id)| *model != reader.ours || still.contains(id) || !own.contains(id));
            all = left;
        }
    }

    /// Without those whose natural key a record of a page before has: a rehearsal stores nothing by which the owner could see it.
    async fn unique(&self, reader: &Reader, given: Vec<Taken>, became: &mut Vec<Kept>) -> Result<Vec<Taken>, Broken> {
        let hashes: Vec<String> = given.iter().filter_map(hash_of).collect();
        let mut seen = if hashes.is_empty() { BTreeMap::new() } else { self.clashing(reader, &hashes).await? };
        let mut left = Vec::with_capacity(given.len());
        for mut taken in given {
            let id = taken.record.odoo_id;
            let (other, here) = match hash_of(&taken) {
                Some(hash) => *seen.entry(hash).or_insert((id, id)),
                None => (id, id),
            };
            match taken.clash.take_if(|_| other != id) {
                Some(Clash::Instead { kind, record, key }) => {
                    left.push(Taken { record: *record, key, noted: noted(taken.noted, kind), ..Taken::default() });
                }
                Some(Clash::Merge { kind }) => {
                    let mut kept = Kept::of(reader, id, "taken");
                    // Whatever refers to it refers to that one
                    kept.record_id = Some(here);
                    kept.misfit = Some(kind.to_owned());
                    kept.key = taken.key.map(|key| key.chars().take(LONGEST_KEY).collect());
                    became.push(kept);
                }
                Some(Clash::PutAside { kind }) => became.push(has_its_key(reader, id, kind, other)),
                // Whichever it is, it is the same
                None if other != id && taken.record.merge => left.push(taken),
                None if other != id => became.push(has_its_key(reader, id, "key", other)),
                None => left.push(taken),
            }
        }
        Ok(left)
    }

    /// What the owner did not take for its natural key's sake, as is to be done then.
    async fn give_otherwise(&self, reader: &Reader, again: Vec<Taken>, first: &BTreeMap<i64, Became>) -> Result<Vec<Kept>, Broken> {
        let mut became = Vec::new();
        let mut given = Vec::new();
        for mut taken in again {
            match taken.clash.take() {
                Some(Clash::Instead { kind, record, key }) => {
                    given.push(Taken { record: *record, key, noted: noted(taken.noted, kind), ..Taken::default() });
                }
                Some(Clash::Merge { kind }) => {
                    taken.record.merge = true;
                    taken.noted = noted(taken.noted, kind);
                    given.push(taken);
                }
                Some(Clash::PutAside { kind }) => {
                    let mut kept = self.of_answer(reader, &taken, first)?;
                    for kept in &mut kept {
                        // The same, whether the other came with the same batch or before
                        kept.misfit = Some(kind.to_owned());
                        kept.reason = Some("Another record has its natural key.".to_owned());
                    }
                    became.extend(kept);
                }
                None => {}
            }
        }
        let answers = self.ask_all(reader, given.iter().map(|taken| taken.record.clone())).await?;
        for taken in given {
            became.extend(self.of_answer(reader, &taken, &answers)?);
        }
        Ok(became)
    }

    /// Gives records to their owner, in batches; what became of each.
    async fn ask_all(&self, reader: &Reader, records: impl Iterator<Item = Record>) -> Result<BTreeMap<i64, Became>, Broken> {
        let mut records: Vec<Record> = records.collect();
        if self.is_rehearsal() {
            for record in &mut records {
                record.values.retain(|field, _| !links::NOT_YET.contains(&(reader.ours, field.as_str())));
            }
        }
        let mut answers = BTreeMap::new();
        for some in records.chunks(MOST) {
            let greatest = some.iter().map(|record| record.odoo_id).chain(self.greatest.get(reader.name).copied()).max().unwrap_or(0);
            let batch = Batch {
                source: self.source(),
                model: reader.ours.to_owned(),
                greatest,
                dry: !self.stores(),
                verify: self.verifies(),
                records: some.to_vec(),
            };
            answers.extend(self.ask_owner(reader, batch).await?.into_iter().map(|became| (became.odoo_id, became)));
        }
        Ok(answers)
    }

    /// The same batch until there is an answer: twice is once.
    async fn ask_owner(&self, reader: &Reader, batch: Batch) -> Result<Vec<Became>, Broken> {
        let mut wait = self.run.patience;
        for tried in 1.. {
            let answered = match reader.service {
                "partners" => self.asked(&partners_contract::Import(batch.clone())).await,
                "catalog" => self.asked(&catalog_contract::Import(batch.clone())).await,
                "crm" => self.asked(&crm_contract::Import(batch.clone())).await,
                "stock" => self.asked(&stock_contract::Import(batch.clone())).await,
                other => Err(Fault::validation(format!("{other} takes no records"))),
            };
            match answered {
                Ok(became) => return Ok(became),
                Err(_) if self.watch.is_cancelled() => return Err(Broken::Lost),
                Err(fault) if fault.nature().passes() && tried < TRIES => {
                    tracing::warn!(%fault, owner = reader.service, tried, "an owner is asked again");
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(Duration::from_secs(30));
                }
                Err(fault) if fault.nature().passes() => return Err(fault.into()),
                // The same is refused again, however often
                Err(fault) => {
                    return Err(
                        Stop::Impossible(format!("{} takes no records of {}: {}", reader.service, reader.ours, fault.message)).into()
                    );
                }
            }
        }
        Err(Broken::Lost)
    }

    /// What an owner's answer says of a record and its lines.
    fn of_answer(&self, reader: &Reader, taken: &Taken, answers: &BTreeMap<i64, Became>) -> Result<Vec<Kept>, Stop> {
        let id = taken.record.odoo_id;
        let became = answers.get(&id).ok_or_else(|| silent(reader))?;
        let mut kept = of_outcome(reader, taken, &became.outcome);
        if kept.state == "taken" && kept.reason.is_none() {
            kept.reason = became.told.as_ref().map(|told| told.chars().take(LONGEST_REASON).collect());
        }
        let mut all = Vec::new();
        if kept.state == "taken" {
            for (model, line) in links::lines(reader.ours, &taken.record)? {
                let here = became.parts.iter().find(|part| part.model == model && part.odoo_id == line).map(|part| part.record_id);
                // What is no record of its own there is none that a reader counts
                all.push(Kept { reader: "", model, their_id: line, record_id: here, state: "taken", ..Kept::default() });
            }
        }
        all.push(kept);
        Ok(all)
    }

    async fn asked<Q: Question<Answer = Vec<Became>>>(&self, question: &Q) -> Result<Vec<Became>, Fault> {
        self.owner.ask(question, None).await
    }
}

fn wanted(need: &Need) -> serde_json::Value {
    match need {
        Need::Id(model, id) => json!({"model": model, "their_id": id}),
        Need::Key(model, key) => json!({"model": model, "key": key}),
    }
}

fn noted(mut before: Vec<&'static str>, kind: &'static str) -> Vec<&'static str> {
    before.push(kind);
    before
}

fn hash_of(taken: &Taken) -> Option<String> {
    let unique = taken.unique.as_ref()?;
    Some(content_hash(&Map::from_iter([("unique".to_owned(), json!(unique))])))
}

fn has_its_key(reader: &Reader, id: i64, kind: &str, other: i64) -> Kept {
    let reason = format!("{} {other} there has its natural key.", reader.ours);
    Kept::of(reader, id, "refused").why(kind, reason).needing(Some((reader.ours.to_owned(), other)))
}

fn silent(reader: &Reader) -> Stop {
    Stop::Impossible(format!("{} does not say what became of every record of {}", reader.service, reader.ours))
}

/// What an owner's answer about a record means.
fn of_outcome(reader: &Reader, taken: &Taken, outcome: &Outcome) -> Kept {
    let record = &taken.record;
    let key = taken.key.as_ref().map(|key| key.chars().take(LONGEST_KEY).collect());
    let base = Kept { key, their_write_date: record.write_date.clone(), ..Kept::of(reader, record.odoo_id, "taken") };
    match outcome {
        Outcome::Taken { record_id, digest, .. } => Kept {
            record_id: *record_id,
            digest: Some(digest.clone()),
            key_hash: hash_of(taken),
            misfit: Some(taken.noted.join(", ")).filter(|noted| !noted.is_empty()),
            ..base
        },
        Outcome::Refused { misfit, reason, record_id, odoo } => {
            let misfit = match misfit {
                Misfit::Value => "value",
                Misfit::Key => "key",
                Misfit::Taken => "taken",
                Misfit::Link => REFERS,
                Misfit::Changed => "changed",
                Misfit::Removed => "removed",
            };
            let refused = Kept { state: "refused", obstacle_id: *record_id, ..base };
            refused.why(misfit, reason).needing(odoo.clone())
        }
    }
}
