//! A rehearsal, an import, or following what changed: reader after reader, page after page, each converted, given to its owner, and kept with what became of it
//! before the cursor moves. Killed anywhere, another goes on with the page that was under way: a batch twice is once.

mod following;
mod giving;
pub mod links;
mod pages;
mod verifying;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use bridge_contract::{Moved, Reason, Report, Stage, Verified};
use diesel::sql_types::BigInt;
use jsonrpc::Fault;
use records::sql;
use serde::{Deserialize, Serialize};
use serde_json::json;
use service::Owner;
use tokio::time::Instant;

use crate::client::{Odoo, Stop};
use crate::inspect::{Inspector, Step, Watch, company_of};
use crate::mapping::typed::Mapping;
use crate::reading::{READERS, REFERS, Reader, TABLES, World, models};
use crate::{Bridge, mapping};

/// How often what waits for others is read again: as deep as records of one model refer to each other.
const ROUNDS: usize = 100;
/// How long an import takes, in percent of its rehearsal, which stores nothing: guessed, until it is measured.
const STORING: u64 = 160;
/// The longest key and reason that are kept, in characters.
const LONGEST_KEY: usize = 254;
const LONGEST_REASON: usize = 1_000;

/// Why a run does not go on here.
pub enum Broken {
    /// The lease is gone: called off, or another has it.
    Lost,
    /// The Odoo, or what can't be.
    Stop(Stop),
    /// Our own database, or another service.
    Fault(Fault),
}

impl From<Stop> for Broken {
    fn from(stop: Stop) -> Broken {
        Broken::Stop(stop)
    }
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Broken {
        Broken::Fault(fault)
    }
}

/// Which Odoo it is to the owners: the same as long as its record is there.
pub fn source(odoo: i64) -> String {
    format!("odoo_{odoo}")
}

/// The run that is under way.
pub struct Run<'r> {
    /// Its id, and the lease that it is under.
    pub id: i64,
    /// The lease.
    pub lease: &'r str,
    /// The record of its Odoo.
    pub odoo_id: i64,
    /// `rehearsal`, `import`, `follow` or `verification`.
    pub kind: &'r str,
    /// Whether only what was marked is taken.
    pub of_marked: bool,
    /// How far it was.
    pub progress: Option<&'r str>,
    /// The mapping's text.
    pub mapping: Option<&'r str>,
    /// The company, where it is said.
    pub company: Option<i64>,
    /// How many records a page has at most.
    pub batch: usize,
    /// How long is waited before an owner is asked again.
    pub patience: Duration,
}

/// What became of a record, as it is kept.
#[derive(Clone, Debug, Default, Serialize)]
struct Kept {
    reader: &'static str,
    model: &'static str,
    their_id: i64,
    record_id: Option<i64>,
    key: Option<String>,
    key_hash: Option<String>,
    their_write_date: Option<String>,
    digest: Option<String>,
    state: &'static str,
    misfit: Option<String>,
    reason: Option<String>,
    needs_model: Option<String>,
    needs_id: Option<i64>,
    obstacle_id: Option<i64>,
}

/// Whoever goes through a run.
struct Mover<'m> {
    owner: &'m Owner<Bridge>,
    run: &'m Run<'m>,
    odoo: &'m Odoo,
    inspector: &'m Inspector<'m>,
    watch: &'m dyn Watch,
    world: World,
    /// How many records a page has now.
    limit: AtomicUsize,
    begun: Instant,
    /// By reader, the greatest id there.
    greatest: BTreeMap<String, i64>,
}

/// How far all of it is.
struct Progress {
    moved: Vec<Moved>,
    /// How many records were read since this process has the run.
    since: u64,
}

/// What came of a run.
pub enum Done {
    /// Records came over.
    Moved,
    /// Nothing was stored.
    Rehearsed {
        /// How many seconds an import will take.
        seconds: i64,
    },
    /// Both sides were laid side by side.
    Verified(Verified),
}

/// Goes through what is left of a run; of a rehearsal it answers how many seconds an import will take.
///
/// # Errors
/// Why it does not go on.
pub async fn go(owner: &Owner<Bridge>, run: &Run<'_>, odoo: &Odoo, watch: &dyn Watch) -> Result<Done, Broken> {
    let mapping = Mapping::read(run.mapping.unwrap_or_default()).map_err(|problems| wrong(&problems))?;
    let inspector = Inspector::new(odoo, watch, run.batch, run.company.or(mapping.company));
    let world = world(&inspector, run, mapping).await?;
    let limit = AtomicUsize::new(run.batch.clamp(1, 5_000));
    let (begun, greatest) = (Instant::now(), BTreeMap::new());
    let mut mover = Mover { owner, run, odoo, inspector: &inspector, watch, world, limit, begun, greatest };
    let mut progress = mover.begin().await?;
    mover.greatest = progress.moved.iter().map(|moved| (moved.reader.clone(), moved.greatest)).collect();
    if mover.verifies() {
        return Ok(Done::Verified(mover.verify(&mut progress).await?));
    }
    for (at, reader) in READERS.iter().enumerate() {
        mover.read_all(at, reader, &mut progress).await?;
    }
    // What waited for something that came with a later reader
    for _ in 0..ROUNDS {
        let before = taken(&progress);
        for (at, reader) in READERS.iter().enumerate() {
            mover.take_again(at, reader, &mut progress).await?;
        }
        if taken(&progress) == before {
            break;
        }
    }
    mover.end(&mut progress).await?;
    let millis: u64 = progress.moved.iter().map(|moved| moved.millis).sum();
    let seconds = i64::try_from(millis * STORING / 100 / 1_000 + 1).unwrap_or(i64::MAX);
    Ok(if run.kind == "rehearsal" { Done::Rehearsed { seconds } } else { Done::Moved })
}

fn taken(progress: &Progress) -> u64 {
    progress.moved.iter().map(|moved| moved.taken).sum()
}

/// What is wrong with a mapping stops all before anything moves.
fn wrong(problems: &[bridge_contract::Problem]) -> Stop {
    let told: Vec<String> = problems.iter().take(5).map(|problem| format!("line {}: {}", problem.line, problem.message)).collect();
    Stop::Impossible(format!("The mapping does not fit this Odoo: {}", told.join("; ")))
}

/// What is known before the first record is read.
async fn world(inspector: &Inspector<'_>, run: &Run<'_>, mapping: Mapping) -> Result<World, Stop> {
    if let Some(own) = run.mapping.filter(|own| !own.is_empty()) {
        let problems = mapping::problems(own, Some(&inspector.known_fields().await?));
        if !problems.is_empty() {
            return Err(wrong(&problems));
        }
    }
    let mut report = Report::default();
    inspector.take(Step::Company, &mut report).await?;
    let company = company_of(&report)?.id;
    let mut fields = BTreeMap::new();
    for model in models() {
        if let Some(described) = inspector.fields(model).await? {
            fields.insert(model.to_owned(), Arc::clone(&described));
        }
    }
    let mut world = World::new(mapping, company, fields);
    for (model, names) in TABLES {
        let names = world.existing(model, names);
        if !world.fields.contains_key(*model) {
            continue;
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut rows = Vec::new();
        inspector.walk(model, &[], &names, |_, row| rows.push(row.clone())).await?;
        world.table(model, rows);
    }
    Ok(world)
}

impl Mover<'_> {
    fn is_rehearsal(&self) -> bool {
        self.run.kind == "rehearsal"
    }

    /// Whether owners are to store what they are given.
    fn stores(&self) -> bool {
        matches!(self.run.kind, "import" | "follow" | "cutover")
    }

    /// Whether they are asked if they have all of it as it was given.
    fn verifies(&self) -> bool {
        self.run.kind == "verification"
    }

    /// Which Odoo it is to the owners: the same as long as its record is there.
    fn source(&self) -> String {
        source(self.run.odoo_id)
    }

    /// How far it was; at first, how many records there are of everything.
    async fn begin(&self) -> Result<Progress, Broken> {
        let kept: Vec<Moved> = self.run.progress.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let mut moved = Vec::with_capacity(READERS.len());
        for reader in READERS {
            match kept.iter().find(|moved| moved.reader == reader.name) {
                Some(before) => moved.push(before.clone()),
                None => moved.push(self.begun(reader).await?),
            }
        }
        let progress = Progress { moved, since: 0 };
        self.keep(0, &progress, &self.give_banks().await?).await?;
        Ok(progress)
    }

    async fn begun(&self, reader: &Reader) -> Result<Moved, Broken> {
        let moved =
            Moved { reader: reader.name.to_owned(), model: reader.ours.to_owned(), theirs: reader.theirs.to_owned(), ..Moved::default() };
        let Some(domain) = self.domain(reader) else { return Ok(Moved { stage: Stage::Done, ..moved }) };
        let total = self.odoo.count(reader.theirs, &domain.into()).await?;
        let greatest = self.odoo.greatest(reader.theirs).await?;
        Ok(Moved { total, greatest, ..moved })
    }

    /// Takes all of a reader's records, or what of them is marked.
    async fn read_all(&self, at: usize, reader: &'static Reader, progress: &mut Progress) -> Result<(), Broken> {
        let stage = |progress: &Progress| progress.moved.get(at).map(|moved| moved.stage);
        if stage(progress) == Some(Stage::Done) {
            return Ok(());
        }
        if !self.run.of_marked && stage(progress) != Some(Stage::Again) {
            self.set(at, progress, |moved| moved.stage = Stage::Pages);
            match self.run.kind {
                "follow" => self.follow(at, reader, progress).await?,
                _ => {
                    if let Some(domain) = self.domain(reader) {
                        self.walk(at, reader, &domain, progress).await?;
                    }
                }
            }
        }
        self.set(at, progress, |moved| moved.stage = Stage::Again);
        self.keep(at, progress, &[]).await?;
        self.take_again(at, reader, progress).await?;
        if self.run.kind == "import" && !self.run.of_marked {
            self.owner.database.run(sql!("kept/gone.sql", self.run.odoo_id, self.run.id, reader.name)).await?;
        }
        self.count(at, reader, progress).await?;
        self.set(at, progress, |moved| moved.stage = Stage::Done);
        self.keep(at + 1, progress, &[]).await
    }

    fn set(&self, at: usize, progress: &mut Progress, change: impl FnOnce(&mut Moved)) {
        if let Some(moved) = progress.moved.get_mut(at) {
            change(moved);
        }
    }

    /// Counts what became of a reader's records, and how many that Odoo has by now.
    async fn count(&self, at: usize, reader: &Reader, progress: &mut Progress) -> Result<(), Broken> {
        let Some(domain) = self.domain(reader) else { return Ok(()) };
        let total = self.odoo.count(reader.theirs, &domain.into()).await?;
        let run = self.run;
        let reasons: Vec<Reason> = self.owner.database.read(sql!("kept/counts.sql", run.odoo_id, run.kind, run.id, reader.name)).await?;
        let of = |state: &str| reasons.iter().filter(|reason| reason.state == state).map(|reason| reason.many).sum();
        let (taken, refused, left_out, gone) = (of("taken"), of("refused"), of("left_out"), of("gone"));
        self.set(at, progress, |moved| {
            (moved.total, moved.taken, moved.refused, moved.left_out, moved.gone) = (total, taken, refused, left_out, gone);
            moved.reasons = reasons.into_iter().filter(|reason| !reason.kind.is_empty()).collect();
        });
        Ok(())
    }

    async fn end(&self, progress: &mut Progress) -> Result<(), Broken> {
        for (at, reader) in READERS.iter().enumerate() {
            self.count(at, reader, progress).await?;
        }
        self.keep(READERS.len(), progress, &[]).await?;
        if self.is_rehearsal() {
            self.owner.database.run(sql!("kept/forget.sql", self.run.odoo_id, self.run.id)).await?;
        }
        Ok(())
    }

    /// Keeps what became of records, and with it how far all is: under the lease, or not at all.
    async fn keep(&self, at: usize, progress: &Progress, became: &[Kept]) -> Result<(), Broken> {
        let written = |error: &serde_json::Error| service::our_fault("bridge", "what became of records can't be written", error);
        let whole = serde_json::to_string(&progress.moved).map_err(|error| written(&error))?;
        let rows = serde_json::to_string(became).map_err(|error| written(&error))?;
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let (step, steps) = (i64::try_from(at).unwrap_or(i64::MAX), i64::try_from(READERS.len()).unwrap_or(i64::MAX));
        let (read, total) = progress.moved.get(at).map_or((0, 0), |moved| (moved.read, moved.total));
        self.watch.rows(read, total);
        let about = READERS.get(at).map(|reader| reader.name.to_owned());
        let (run, left) = (self.run, self.seconds_left(progress));
        let kept = sql!("kept/keep.sql", run.id, run.lease, rows, whole, step, steps, about, number(read), number(total), left);
        match self.owner.database.store::<BigInt, i64>(kept).await?.is_empty() {
            true => Err(Broken::Lost),
            false => Ok(()),
        }
    }

    /// By the pace until now.
    fn seconds_left(&self, progress: &Progress) -> Option<i64> {
        let left: u64 = progress.moved.iter().map(|moved| moved.total.saturating_sub(moved.read)).sum();
        let millis = u64::try_from(self.begun.elapsed().as_millis()).ok()?;
        let left = if self.run.of_marked { 0 } else { left };
        i64::try_from(millis.checked_mul(left)?.checked_div(progress.since)? / 1_000).ok()
    }

    /// What became of records that others refer to, or have the key of.
    async fn look_up<T: for<'de> Deserialize<'de>>(&self, wanted: &[serde_json::Value]) -> Result<Vec<T>, Fault> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let run = self.run;
        self.owner.database.read(sql!("kept/known.sql", run.odoo_id, run.kind, run.id, json!(wanted).to_string())).await
    }

    /// Which records are to be read again: marked, or waiting for what came since.
    async fn again(&self, reader: &Reader, after: i64) -> Result<Vec<i64>, Fault> {
        let (run, many) = (self.run, i64::try_from(self.run.batch.clamp(1, 5_000)).unwrap_or(500));
        let again = sql!("kept/again.sql", run.odoo_id, run.kind, run.id, reader.name, after, many);
        self.owner.database.search::<BigInt, i64>(again).await
    }

    /// Of these natural keys, those that a rehearsal has seen: by their hash, whose they are there and here.
    async fn clashing(&self, reader: &Reader, hashes: &[String]) -> Result<BTreeMap<String, (i64, i64)>, Fault> {
        #[derive(Deserialize)]
        struct Clashing {
            key_hash: String,
            their_id: i64,
            record_id: i64,
        }
        let clashing = sql!("kept/clashing.sql", self.run.odoo_id, self.run.id, reader.ours, json!(hashes).to_string());
        let found: Vec<Clashing> = self.owner.database.read(clashing).await?;
        Ok(found.into_iter().map(|one| (one.key_hash, (one.their_id, one.record_id))).collect())
    }
}

impl Kept {
    fn of(reader: &Reader, their_id: i64, state: &'static str) -> Kept {
        Kept { reader: reader.name, model: reader.ours, their_id, state, ..Kept::default() }
    }

    fn why(mut self, misfit: &str, reason: impl Into<String>) -> Kept {
        self.misfit = Some(misfit.to_owned()).filter(|misfit| !misfit.is_empty());
        self.reason = Some(reason.into().chars().take(LONGEST_REASON).collect());
        self
    }

    fn needing(mut self, needs: Option<(String, i64)>) -> Kept {
        (self.needs_model, self.needs_id) = needs.unzip();
        self
    }

    fn refers(reader: &Reader, their_id: i64, to: (&str, i64)) -> Kept {
        let reason = format!("It refers to {} {} there, which was not taken.", to.0, to.1);
        Kept::of(reader, their_id, "refused").why(REFERS, reason).needing(Some((to.0.to_owned(), to.1)))
    }
}
