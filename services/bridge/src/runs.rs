//! The work itself: a run is taken under a lease, goes on a step at a time, and keeps after each what was found. Killed, another takes
//! it when the lease is over, and goes on at the step where it was.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bridge_contract::Report;
use diesel::sql_types::Text;
use jsonrpc::Fault;
use records::sql;
use serde::Deserialize;
use service::Owner;
use tokio::time::{Instant, MissedTickBehavior};

use crate::client::{Account, Odoo, Stop};
use crate::inspect::{Inspector, Step, Watch};
use crate::moving::{self, Broken};
use crate::{Bridge, cutting_over, mapping};

/// How long a lease lasts, in seconds.
const LEASE: i64 = 30;
/// How often it is renewed, and looked whether the run was called off.
const BEAT: Duration = Duration::from_secs(2);
/// How often it is looked for runs.
const POLL: Duration = Duration::from_secs(1);
/// How often a run is begun again where its Odoo is away, and after how many seconds.
const TRIES: i64 = 20;
const AGAIN: i64 = 30;
/// The longest reason that is kept, in characters.
const MAX_ERROR: usize = 1_000;

/// A run that is taken, with its Odoo.
#[derive(Deserialize)]
struct Taken {
    id: i64,
    odoo: i64,
    kind: String,
    of_marked: bool,
    progress: Option<String>,
    step: usize,
    tries: i64,
    report: Option<String>,
    base_url: String,
    db: String,
    login: String,
    secret: Option<String>,
    company: Option<i64>,
    mapping: Option<String>,
    batch: usize,
    per_second: u32,
    name: String,
    freezes: bool,
}

/// What those who look on see of a run.
#[derive(Default)]
struct Seen {
    done: AtomicU64,
    total: AtomicU64,
    is_lost: AtomicBool,
}

impl Watch for Seen {
    fn step(&self, _: &str, _: usize, _: usize) {}

    fn rows(&self, done: u64, of: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(of, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }
}

/// Runs, one after the other, as long as the process lives.
pub async fn work(owner: &Arc<Owner<Bridge>>) {
    loop {
        match next(owner).await {
            Ok(true) => {}
            Ok(false) => {
                if let Err(fault) = owner.database.run(sql!("runs/follow.sql")).await {
                    tracing::warn!(%fault, "no run that follows can be begun; trying again");
                }
                tokio::time::sleep(POLL).await;
            }
            Err(fault) => {
                tracing::warn!(%fault, "runs can't be taken; trying again");
                tokio::time::sleep(POLL * 2).await;
            }
        }
    }
}

/// Takes the next run and goes through it; answers whether there was one.
///
/// # Errors
/// 503 where the database is away.
pub async fn next(owner: &Owner<Bridge>) -> Result<bool, Fault> {
    let lease = format!("{:032x}", rand::random::<u128>());
    let taken: Vec<String> = owner.database.store::<Text, String>(sql!("runs/take.sql", lease.clone(), LEASE)).await?;
    let Some(taken) = taken.into_iter().next() else { return Ok(false) };
    let taken: Taken = serde_json::from_str(&taken).map_err(|error| service::our_fault("bridge", "a run can't be read", &error))?;
    let seen = Seen::default();
    let ended = {
        let going = go(owner, &taken, &lease, &seen);
        tokio::pin!(going);
        let mut beat = tokio::time::interval_at(Instant::now() + BEAT, BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ended = &mut going => break ended,
                _ = beat.tick() => if !renew(owner, &taken, &lease, &seen).await { break Err(Broken::Lost) },
            }
        }
    };
    let (id, text) = (taken.id, |stop: &Stop| stop.to_string().chars().take(MAX_ERROR).collect::<String>());
    match ended {
        Ok(Done { mapping, seconds, report }) => {
            if let Some(report) = report {
                owner.database.run(sql!("runs/report.sql", id, lease.clone(), report)).await?;
            }
            owner.database.run(sql!("runs/end.sql", id, lease, "done", None::<String>, mapping, seconds)).await?;
        }
        Err(Broken::Lost) => tracing::info!(run = id, "a run is another's, or was called off"),
        Err(Broken::Fault(fault)) => {
            tracing::warn!(%fault, run = id, "a run could not be kept; it goes on later");
            owner.database.run(sql!("runs/later.sql", id, lease, fault.message, 2_i64)).await?;
        }
        Err(Broken::Stop(stop)) if stop.passes() && taken.tries < TRIES => {
            owner.database.run(sql!("runs/later.sql", id, lease, text(&stop), AGAIN)).await?;
        }
        Err(Broken::Stop(stop)) => {
            tracing::warn!(run = id, "a run has failed");
            owner.database.run(sql!("runs/end.sql", id, lease, "failed", Some(text(&stop)), None::<String>, None::<i64>)).await?;
        }
    }
    Ok(true)
}

/// Keeps the lease; answers whether it is still ours.
async fn renew(owner: &Owner<Bridge>, taken: &Taken, lease: &str, seen: &Seen) -> bool {
    let number = |number: &AtomicU64| i64::try_from(number.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
    let renewed = sql!("runs/renew.sql", taken.id, lease.to_owned(), LEASE, number(&seen.done), number(&seen.total));
    match owner.database.run(renewed).await {
        Ok(rows) => rows > 0,
        // Whoever finds the lease over takes it
        Err(fault) => {
            tracing::warn!(%fault, run = taken.id, "a run's lease can't be renewed");
            true
        }
    }
}

/// What came of a run.
#[derive(Default)]
struct Done {
    /// The mapping that an inspection proposes.
    mapping: Option<String>,
    /// How long an import will take, which a rehearsal tells.
    seconds: Option<i64>,
    /// What a verification found, as JSON.
    report: Option<String>,
}

/// Goes through what is left of a run.
async fn go(owner: &Owner<Bridge>, taken: &Taken, lease: &str, seen: &Seen) -> Result<Done, Broken> {
    let secret = taken.secret.as_deref().and_then(|sealed| owner.service.keys.open(sealed));
    let secret = secret.ok_or_else(|| Stop::Impossible("The Odoo's secret is not set, or BRIDGE_KEYS lacks its key".to_owned()))?;
    let account = Account {
        base_url: taken.base_url.clone(),
        db: taken.db.clone(),
        login: taken.login.clone(),
        secret,
        per_second: taken.per_second,
        patience: owner.service.patience,
    };
    let odoo = Odoo::connect(&owner.service.reach, account).await?;
    let version = &odoo.version;
    owner.database.run(sql!("runs/found.sql", taken.odoo, version.protocol.as_str(), version.text.clone())).await?;
    if taken.kind == "inspection" {
        let mapping = inspect(owner, taken, lease, seen, &odoo).await?;
        return Ok(Done { mapping: Some(mapping), ..Done::default() });
    }
    let run = moving::Run {
        id: taken.id,
        lease,
        odoo_id: taken.odoo,
        kind: &taken.kind,
        of_marked: taken.of_marked,
        progress: taken.progress.as_deref(),
        mapping: taken.mapping.as_deref(),
        company: taken.company.filter(|company| *company > 0),
        batch: taken.batch,
        patience: owner.service.patience,
    };
    if taken.kind == "cutover" {
        let before = taken.report.as_deref().and_then(|report| serde_json::from_str(report).ok());
        let cut = cutting_over::go(owner, &run, &taken.name, before, &odoo, seen).await;
        if matches!(cut, Err(Broken::Stop(_))) && !taken.freezes {
            // It was not frozen before
            cutting_over::freeze(owner, taken.odoo, None).await?;
        }
        let written = serde_json::to_string(&cut?);
        let report = written.map_err(|error| service::our_fault("bridge", "a cut-over can't be written", &error))?;
        return Ok(Done { report: Some(report), ..Done::default() });
    }
    if taken.kind == "import" && taken.freezes {
        cutting_over::freeze_for(owner, taken.odoo, &taken.name).await?;
    }
    Ok(match moving::go(owner, &run, &odoo, seen).await? {
        moving::Done::Moved => Done::default(),
        moving::Done::Rehearsed { seconds } => Done { seconds: Some(seconds), ..Done::default() },
        moving::Done::Verified(verified) => {
            let written = serde_json::to_string(&verified);
            let report = written.map_err(|error| service::our_fault("bridge", "a verification can't be written", &error))?;
            Done { report: Some(report), ..Done::default() }
        }
    })
}

/// Goes through what is left of an inspection; answers the mapping that it proposes.
async fn inspect(owner: &Owner<Bridge>, taken: &Taken, lease: &str, seen: &Seen, odoo: &Odoo) -> Result<String, Broken> {
    let inspector = Inspector::new(odoo, seen, taken.batch, taken.company.filter(|company| *company > 0));
    let kept = taken.report.as_deref().and_then(|report| serde_json::from_str::<Report>(report).ok());
    let (mut report, first) = kept.map_or_else(|| (inspector.begun(), 0), |report| (report, taken.step));
    let steps = Step::all();
    for (at, step) in steps.iter().enumerate().skip(first) {
        if at == 0 {
            keep(owner, taken, lease, &report, 0, &steps).await?;
        }
        inspector.take(*step, &mut report).await?;
        keep(owner, taken, lease, &report, at + 1, &steps).await?;
    }
    let proposed = mapping::propose(&report);
    report.mapping_problems.clear();
    if let Some(own) = taken.mapping.as_deref().filter(|own| !own.is_empty()) {
        report.mapping_problems = mapping::problems(own, Some(&inspector.known_fields().await?));
    }
    keep(owner, taken, lease, &report, steps.len(), &steps).await?;
    Ok(proposed)
}

async fn keep(owner: &Owner<Bridge>, taken: &Taken, lease: &str, report: &Report, at: usize, steps: &[Step]) -> Result<(), Broken> {
    let text = |value: serde_json::Result<String>| value.map_err(|error| service::our_fault("bridge", "a report can't be written", &error));
    let (whole, counts) = (text(serde_json::to_string(report))?, text(serde_json::to_string(&report.counts))?);
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let about = steps.get(at).map(|step| step.name().to_owned());
    let kept = sql!("runs/keep.sql", taken.id, lease.to_owned(), number(at), number(steps.len()), about, whole, counts);
    if owner.database.run(kept).await? == 0 { Err(Broken::Lost) } else { Ok(()) }
}
