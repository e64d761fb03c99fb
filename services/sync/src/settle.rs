//! What came of the calls, written down by whoever still has the lease.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool};
use jsonrpc::Fault;
use records::{Statement, Values, sql};
use serde_json::json;
use service::Owner;

use crate::bodies::Told;
use crate::hear::Kind;
use crate::push::{self, LEASE, Taken, Wire};
use crate::signature::Kept;
use crate::{Sync, metrics};
// circle: push: what came of calls is settled by those who made them, and frees what waited for it

/// After how many failures in a row nothing is attempted for a while.
const BREAK_AFTER: i64 = 5;
/// How long after a settling that failed the next is.
const AGAIN: Duration = Duration::from_millis(500);
/// The bounds within which `Retry-After` is honoured, in seconds.
const RETRY_AFTER_BOUNDS: (i64, i64) = (1, 3_600);
/// How long after the n-th failure the next attempt is, in seconds; after the last one it is a dead letter.
const SCHEDULE: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// A call that has ended, or was not made.
pub struct Ended {
    /// What was to be told.
    pub one: Taken,
    /// What came of it.
    pub outcome: Outcome,
    /// How the last call was known on the wire; none where none was made.
    pub wire: Option<Wire>,
    /// What it said, as far as that is kept; none where none was made.
    pub body: Option<String>,
    /// The beginning of what was answered.
    pub answer: Option<String>,
    /// Why it failed, for people.
    pub why: Option<String>,
    /// Configurations that are to be told one by one.
    pub untold: Vec<i64>,
    /// When it began.
    pub at: DateTime<Utc>,
    /// The same, by a clock that no one sets.
    pub started: Instant,
    /// How long it took.
    pub took: Duration,
}

/// What a call came to.
pub enum Outcome {
    /// The status, and what the platform now knows of which records.
    Delivered(u16, Vec<Told>),
    /// There is nothing to tell any more, for this reason.
    Nothing(&'static str),
    /// The platform does not want to hear any more.
    Gone,
    /// Anything else that it answered, or that kept it from answering.
    Failed {
        /// HTTP's, if there was an answer.
        status: Option<u16>,
        /// For people.
        why: String,
        /// In seconds, as the platform asks.
        retry_after: Option<i64>,
        /// The platform, not the message, is the cause.
        platform_down: bool,
    },
    /// Not attempted, for this reason.
    Later(&'static str),
}

impl Outcome {
    /// A record that can't be told, whoever asks: no fault of the platform's, but it ends as a dead letter.
    pub fn untold(fault: &Fault) -> Outcome {
        Outcome::Failed { status: None, why: format!("the record can't be read: {fault}"), retry_after: None, platform_down: false }
    }

    /// Whether there is nothing left to do for the delivery.
    pub fn is_over(&self) -> bool {
        matches!(self, Outcome::Delivered(..) | Outcome::Nothing(_))
    }
}

/// Settles what is over in one statement.
pub async fn over(owner: &Owner<Sync>, ended: &[Ended]) {
    let Some(first) = ended.iter().map(|one| one.started).min() else { return };
    while let Err(fault) = done(owner, ended).await {
        if !is_to_be_tried(first, &fault).await {
            return;
        }
    }
    for Ended { one, outcome, .. } in ended {
        if let Outcome::Delivered(..) = outcome {
            metrics::ATTEMPTS.with_label_values(&[one.name.as_str(), "delivered"]).inc();
            // By clocks that differ a call may end before its change
            let waited = (Utc::now() - one.changed_at).as_seconds_f64().max(0.0);
            metrics::LATENCY.with_label_values(&[&one.name]).observe(waited);
        }
    }
}

/// Settles what is not. Answers whether the platform's breaker is open for it.
pub async fn not_over(owner: &Owner<Sync>, ended: &Ended) -> bool {
    let outcome = match ended.outcome {
        Outcome::Gone => Some("gone"),
        Outcome::Failed { .. } => Some("failed"),
        _ => None,
    };
    if let Some(outcome) = outcome {
        metrics::ATTEMPTS.with_label_values(&[ended.one.name.as_str(), outcome]).inc();
    }
    loop {
        match failed(owner, ended).await {
            Ok(is_open) => return is_open,
            Err(fault) if !is_to_be_tried(ended.started, &fault).await => return false,
            Err(_) => {}
        }
    }
}

/// What a call came to is known: the database that is away meanwhile is waited for, or else it would be made once more. When
/// the lease has ended another try settles it.
async fn is_to_be_tried(since: Instant, fault: &Fault) -> bool {
    tracing::warn!(%fault, "what was called can't be settled");
    tokio::time::sleep(AGAIN).await;
    since.elapsed() < Duration::from_secs(LEASE.unsigned_abs())
}

async fn done(owner: &Owner<Sync>, over: &[Ended]) -> Result<(), Fault> {
    let mut rows = Vec::with_capacity(over.len());
    for ended in over {
        let Ended { one, outcome, wire, untold, at, took, answer, .. } = ended;
        let (status, told, why) = match outcome {
            Outcome::Delivered(status, told) => (Some(status), told.as_slice(), None),
            Outcome::Nothing(why) => (None, [].as_slice(), Some(why)),
            _ => (None, [].as_slice(), None),
        };
        let version = wire.as_ref().map(|wire| wire.version);
        let told: Vec<Told> = told
            .iter()
            .map(|told| {
                let is_own = told.kind == one.kind && told.record_id == one.record;
                Told { version: version.filter(|_| is_own).unwrap_or(told.version), ..told.clone() }
            })
            .collect();
        rows.push(json!({"id": one.id, "lease": one.lease, "status": status, "why": why, "at": at, "milliseconds": milliseconds(*took),
            "told": told, "untold": untold, "webhook_id": wire.as_ref().map(|wire| &wire.webhook_id), "sent": wire.as_ref().map(|wire| &wire.sent),
"sent_version": version, "answer": answer, "sealed_body": sealed_body(owner, ended),
            "new_verb": wire.as_ref().and_then(|wire| wire.verb), "is_cause": is_cause(one)}));
    }
    let rows = serde_json::Value::from(rows).to_string();
    tell_due(&owner.database.store::<BigInt, i64>(sql!("settle/over.sql", rows, LEASE)).await?);
    let causes: Vec<String> = over.iter().map(|ended| &ended.one).filter(|one| is_cause(one)).map(|one| one.order_key.clone()).collect();
    if !causes.is_empty() {
        push::free_of(owner, causes).await?;
    }
    Ok(())
}

/// Whether something may wait for it: nothing waits for what was taken before.
fn is_cause(one: &Taken) -> bool {
    matches!(one.kind, Kind::Product | Kind::Configuration) && !one.knows()
}

async fn failed(owner: &Owner<Sync>, ended: &Ended) -> Result<bool, Fault> {
    let one = &ended.one;
    match &ended.outcome {
        Outcome::Delivered(..) | Outcome::Nothing(_) => Ok(false),
        Outcome::Later(why) => wait_again(owner, ended, None, why, Next::In(2), false).await.map(|()| false),
        Outcome::Gone => {
            tracing::warn!(platform = one.name, "answered 410 and is switched off");
            wait_again(owner, ended, Some(410), "410: the platform was switched off", Next::In(0), false).await.map(|()| false)
        }
        Outcome::Failed { status, why, retry_after, platform_down } => {
            let opened = *platform_down && is_down(owner, one).await?;
            if !platform_down {
                tell_due(&owner.database.store::<BigInt, i64>(sql!("settle/answers.sql", one.platform)).await?);
            }
            // While the breaker is open no attempt counts
            let counts = !(one.is_probe || opened) || !platform_down;
            let failures = usize::try_from(one.attempts).unwrap_or(usize::MAX);
            let next = match SCHEDULE.get(failures) {
                // Whoever tests looks at what came of it
                _ if one.kind == Kind::Test => Next::NotAgain,
                None if counts => Next::Never,
                step => {
                    let planned = step.copied().unwrap_or(86_400);
                    // A tenth around it, so that what failed together does not come back together
                    let jitter = rand::random_range(0..=(planned / 5).max(1)) - planned / 10;
                    let (least, most) = RETRY_AFTER_BOUNDS;
                    Next::In(retry_after.map_or(planned + jitter, |seconds| seconds.clamp(least, most)))
                }
            };
            wait_again(owner, ended, *status, why, next, counts).await.map(|()| opened)
        }
    }
}

/// What a call said, as it is kept. Without randomness it is not kept at all.
fn sealed_body(owner: &Owner<Sync>, ended: &Ended) -> Option<String> {
    owner.service.keys.seal_body(Kept::Sent, ended.body.as_deref()?)
}

fn milliseconds(took: Duration) -> i64 {
    i64::try_from(took.as_millis()).unwrap_or(i64::MAX)
}

/// When it is attempted again.
enum Next {
    /// After so many seconds.
    In(i64),
    /// It is a dead letter.
    Never,
    /// It was for this once.
    NotAgain,
}

/// Back among those that wait, or a dead letter. Where the record has a newer delivery that waits, that one speaks for both, and
/// goes on under the same id where it says the same. What was on the wire is written down with it, whether it counts or not.
async fn wait_again(owner: &Owner<Sync>, ended: &Ended, status: Option<u16>, why: &str, next: Next, counts: bool) -> Result<(), Fault> {
    let Ended { one, at, took, outcome, wire, untold, answer, why: in_words, .. } = ended;
    let (state, seconds) = match next {
        Next::In(seconds) => ("waiting", seconds),
        Next::Never => ("dead", 0),
        Next::NotAgain => ("done", 0),
    };
    let wire = wire.as_ref();
    // What was not attempted has no attempt
    let begun = (!matches!(outcome, Outcome::Later(_))).then(|| at.to_rfc3339());
    let settled = sql!(
        "settle/not_over.sql",
        one.id,
        one.lease.as_str(),
        state,
        seconds,
        i64::from(counts),
        status.map(i64::from),
        why,
        wire.map(|wire| wire.webhook_id.clone()),
        wire.map(|wire| wire.sent.clone()),
        wire.map(|wire| wire.version),
        wire.and_then(|wire| wire.verb).map(str::to_owned),
        begun,
        milliseconds(*took),
        untold.clone(),
        answer.clone(),
        in_words.clone(),
        sealed_body(owner, ended),
    );
    match outcome {
        Outcome::Gone => switch_off(owner, one, &settled).await,
        Outcome::Delivered(..) | Outcome::Nothing(_) | Outcome::Failed { .. } | Outcome::Later(_) => {
            owner.database.run(settled).await.map(drop)
        }
    }
}

/// The platform is switched off, with the event and the audit of any change of it, in the transaction that settles the call.
async fn switch_off(owner: &Owner<Sync>, one: &Taken, settled: &Statement) -> Result<(), Fault> {
    let (platform, version) = (one.platform, one.platform_version);
    owner
        .transact(one.traceparent.as_ref(), |tx| {
            let settled = settled.clone();
            Box::pin(async move {
                // Switched on again meanwhile, it is asked once more what it wants
                let same = tx.ids(sql!("settle/same_platform.sql", platform, version)).await?;
                let mut off = Values::default();
                off.set("active", false);
                tx.update(tx.registry.model("ek.platform")?, same, &off).await?;
                tx.run(settled).await.map(drop)
            })
        })
        .await
}

/// What is due again, as the platforms that it waits for answer.
fn tell_due(platforms: &[i64]) {
    if let Some(platform) = platforms.first() {
        tracing::info!(platform, waiting = platforms.len(), "a platform answers again");
    }
}

/// It does not answer. Answers whether the breaker is open.
async fn is_down(owner: &Owner<Sync>, one: &Taken) -> Result<bool, Fault> {
    // A platform that is not there any more has none
    let open = owner.database.store::<Bool, bool>(sql!("settle/is_down.sql", one.platform, BREAK_AFTER)).await?.contains(&true);
    if open && !one.is_probe {
        tracing::warn!(platform = one.name, "does not answer; only probes for now");
    }
    Ok(open)
}
