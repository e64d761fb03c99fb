//! What came of the calls, written down by whoever still has the lease.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool};
use jsonrpc::Fault;
use records::{Sql, Values};
use serde_json::json;
use service::Owner;

use crate::bodies::Told;
use crate::hear::Kind;
use crate::push::{self, LEASE, Taken, Waiting, Wire};
use crate::{Sync, metrics};

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
            let waited = (Utc::now() - one.changed_at).to_std().unwrap_or_default();
            metrics::LATENCY.with_label_values(&[&one.name]).observe(waited.as_secs_f64());
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
    for Ended { one, outcome, wire, untold, at, took, .. } in over {
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
            "sent_version": version, "new_verb": wire.as_ref().and_then(|wire| wire.verb)}));
    }
    let mut sql = Sql::new("WITH w AS (SELECT * FROM jsonb_to_recordset(");
    sql.bind(serde_json::Value::from(rows).to_string());
    sql.push(
        "::jsonb) AS w(id bigint, lease text, status bigint, why text, at timestamptz, milliseconds bigint, told jsonb, untold bigint[], \
         webhook_id text, sent text, sent_version bigint, new_verb text)), \
         mine AS (UPDATE ek_delivery d SET state = 'done', done_at = now(), attempts = d.attempts + (w.status IS NOT NULL)::int, \
         last_error = w.why, last_status = w.status, webhook_id = coalesce(w.webhook_id, d.webhook_id), sent = coalesce(w.sent, d.sent), \
         sent_version = coalesce(w.sent_version, d.sent_version), verb = coalesce(w.new_verb, d.verb), \
         write_date = now(), version = d.version + 1 FROM w WHERE d.id = ANY(ARRAY(SELECT id FROM w)) AND d.id = w.id AND d.state = 'sending' AND d.lease = w.lease \
         RETURNING d.id, d.platform_id, d.bank_id, d.kind, d.order_key, d.record_id, d.webhook_id, d.traceparent, d.changed_at, d.bulk, d.lease_until, \
         d.last_error, w.status, w.at, w.milliseconds, w.told, w.untold), \
         tried AS (INSERT INTO ek_attempt (delivery_id, bank_id, at, milliseconds, status, webhook_id) \
         SELECT id, bank_id, at, milliseconds, status, webhook_id FROM mine WHERE status IS NOT NULL), \
         sent AS (INSERT INTO ek_sent (platform_id, kind, record_id, digest, version) \
         SELECT DISTINCT ON (m.platform_id, t.kind, t.record_id) m.platform_id, t.kind, t.record_id, t.digest, t.version \
         FROM mine m, jsonb_to_recordset(m.told) AS t(kind text, record_id bigint, digest text, version bigint) ORDER BY 1, 2, 3, m.id DESC \
         ON CONFLICT (platform_id, kind, record_id) DO UPDATE SET digest = excluded.digest, version = greatest(excluded.version, ek_sent.version), taken = true, sent_at = now()), ",
    );
    if over.iter().any(|ended| !ended.untold.is_empty()) {
        one_by_one(&mut sql);
    }
    // Nothing waits for what was taken before
    let is_cause = |one: &&Taken| matches!(one.kind, Kind::Product | Kind::Configuration) && !one.knows();
    let causes: Vec<String> = over.iter().map(|ended| &ended.one).filter(is_cause).map(|one| one.order_key.clone()).collect();
    if !causes.is_empty() {
        freed(&mut sql);
    }
    answering(&mut sql, "SELECT platform_id FROM mine WHERE status IS NOT NULL");
    told_of(owner.database.store::<BigInt, i64>(sql).await?);
    if !causes.is_empty() {
        push::free(owner, Waiting::Of(causes)).await?;
    }
    Ok(())
}

/// Configurations whose product was there already, and that were not told with it.
fn one_by_one(sql: &mut Sql) {
    sql.push(
        "one_by_one AS (INSERT INTO ek_delivery (platform_id, bank_id, kind, verb, order_key, model, record_id, webhook_id, traceparent, changed_at, bulk) \
         SELECT m.platform_id, m.bank_id, 'configuration', 'PUT', m.order_key, 'product.template', u.id, 'msg_' || replace(gen_random_uuid()::text, '-', ''), \
         m.traceparent, m.changed_at, m.bulk FROM mine m, unnest(m.untold) AS u(id) ON CONFLICT DO NOTHING), ",
    );
}

/// What waited for what was taken just now. What the platform was told with it is done: it was heard of before the body was built.
/// What waits for what is gone has nothing to tell either.
fn freed(sql: &mut Sql) {
    sql.push(
        "f AS MATERIALIZED (SELECT e.id, CASE WHEN e.kind = 'configuration' AND e.write_date <= m.lease_until - make_interval(secs => ",
    );
    sql.bind(LEASE).push(
        ") AND m.told @> jsonb_build_array(jsonb_build_object('kind', 'configuration', 'record_id', e.record_id)) THEN 'told with its product' \
         WHEN m.status IS NULL AND m.last_error = 'there was nothing to tell' THEN m.last_error END AS why, e.waits_for \
         FROM (SELECT *, CASE kind WHEN 'product' THEN 'rc_' WHEN 'configuration' THEN 'rc_variante' END || record_id AS reference FROM mine \
         WHERE kind IN ('product', 'configuration')) m CROSS JOIN LATERAL (SELECT e.id, e.kind, e.record_id, e.write_date, e.waits_for FROM ek_delivery e \
         WHERE e.platform_id = m.platform_id AND e.order_key = m.order_key AND e.state IN ('waiting', 'sending') AND e.state = 'waiting' \
         AND (e.waits_for = m.reference OR m.kind = 'product' AND e.kind = 'configuration') LIMIT 10000) e), \
         freed AS (UPDATE ek_delivery d SET state = CASE WHEN f.why IS NULL THEN 'waiting' ELSE 'done' END, \
         done_at = CASE WHEN f.why IS NOT NULL THEN now() END, last_error = f.why, waits_for = NULL, next_attempt = now(), version = d.version + 1 \
         FROM f WHERE d.id = ANY(ARRAY(SELECT id FROM f)) AND d.id = f.id AND d.state = 'waiting' AND (f.why IS NOT NULL OR f.waits_for IS NOT NULL)), ",
    );
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
                let mut sql = Sql::new("WITH mine AS (SELECT ");
                sql.bind(one.platform).push("::bigint AS platform_id), ");
                answering(&mut sql, "SELECT platform_id FROM mine");
                told_of(owner.database.store::<BigInt, i64>(sql).await?);
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
    let Ended { one, at, took, outcome, wire, untold, .. } = ended;
    let (state, seconds) = match next {
        Next::In(seconds) => ("waiting", seconds),
        Next::Never => ("dead", 0),
        Next::NotAgain => ("done", 0),
    };
    let text = |of: fn(&Wire) -> &str| wire.as_ref().map(|wire| of(wire).to_owned());
    let mut sql = Sql::new("WITH mine AS (SELECT d.*, coalesce(");
    sql.bind(text(|wire| &wire.webhook_id)).push("::text, d.webhook_id) AS last_id, coalesce(").bind(text(|wire| &wire.sent));
    sql.push("::text, d.sent) AS last_sent, coalesce(").bind(wire.as_ref().map(|wire| wire.version));
    sql.push("::bigint, d.sent_version) AS last_version, coalesce(").bind(wire.as_ref().and_then(|wire| wire.verb).map(str::to_owned));
    sql.push("::text, d.verb) AS last_verb, ").bind(untold.clone()).push("::bigint[] AS untold FROM ek_delivery d WHERE d.id = ");
    sql.bind(one.id).push(" AND d.state = 'sending' AND d.lease = ").bind(one.lease.as_str()).push(" FOR UPDATE), ");
    if !matches!(outcome, Outcome::Later(_)) {
        sql.push(
            "tried AS (INSERT INTO ek_attempt (delivery_id, bank_id, at, milliseconds, status, error, webhook_id) SELECT id, bank_id, ",
        );
        sql.bind(at.to_rfc3339()).push("::timestamptz, ").bind(milliseconds(*took)).push("::bigint, ");
        sql.bind(status.map(i64::from)).push("::bigint, ").bind(why).push(", last_id FROM mine), ");
    }
    if !untold.is_empty() {
        one_by_one(&mut sql);
    }
    sql.push(
        "newer AS (UPDATE ek_delivery d SET verb = CASE m.last_verb WHEN 'POST' THEN 'POST' WHEN d.verb THEN d.verb ELSE 'PUT' END, \
         webhook_id = m.last_id, sent = m.last_sent, sent_version = m.last_version \
         FROM mine m WHERE d.platform_id = (SELECT platform_id FROM mine) AND d.kind = (SELECT kind FROM mine) \
         AND d.record_id = (SELECT record_id FROM mine) AND d.state = 'waiting' RETURNING d.id) \
         UPDATE ek_delivery d SET write_date = now(), version = d.version + 1, lease = NULL, lease_until = NULL, \
         webhook_id = m.last_id, sent = m.last_sent, sent_version = m.last_version, verb = m.last_verb, \
         state = CASE WHEN EXISTS (SELECT FROM newer) THEN 'done' ELSE ",
    );
    sql.bind(state);
    sql.push("::text END, done_at = CASE WHEN EXISTS (SELECT FROM newer) THEN now() ELSE ");
    sql.push(if matches!(next, Next::NotAgain) { "now()" } else { "NULL" });
    sql.push(" END, attempts = d.attempts + ");
    sql.bind(i64::from(counts)).push(", last_status = ").bind(status.map(i64::from));
    sql.push(", last_error = CASE WHEN EXISTS (SELECT FROM newer) THEN 'folded into a newer delivery: ' ELSE '' END || ").bind(why);
    sql.push(", next_attempt = now() + make_interval(secs => ")
        .bind(seconds)
        .push(") FROM mine m WHERE d.id = (SELECT id FROM mine) RETURNING d.id");
    match outcome {
        Outcome::Gone => switch_off(owner, one, &sql).await,
        Outcome::Delivered(..) | Outcome::Nothing(_) | Outcome::Failed { .. } | Outcome::Later(_) => {
            owner.database.store::<BigInt, i64>(sql).await.map(drop)
        }
    }
}

/// The platform is switched off, with the event and the audit of any change of it, in the transaction that settles the call.
async fn switch_off(owner: &Owner<Sync>, one: &Taken, settled: &Sql) -> Result<(), Fault> {
    let (platform, version, settled) = (one.platform, one.platform_version, settled.clone());
    owner
        .transact(one.traceparent.as_ref(), |tx| {
            let settled = settled.clone();
            Box::pin(async move {
                // Switched on again meanwhile, it is asked once more what it wants
                let mut same = Sql::new("SELECT id FROM ek_platform WHERE id = ");
                same.bind(platform).push(" AND version = ").bind(version).push(" FOR UPDATE");
                let same = tx.ids(same).await?;
                let mut off = Values::default();
                off.set("active", false);
                tx.update(tx.registry.model("ek.platform")?, same, &off).await?;
                tx.ids(settled).await.map(drop)
            })
        })
        .await
}

/// These platforms answer: their breakers close, and then everything that waits for them is due, in order.
fn answering(sql: &mut Sql, platforms: &str) {
    sql.push("before AS (SELECT id, open_until FROM ek_platform WHERE (failures > 0 OR open_until IS NOT NULL) AND id IN (");
    sql.push(platforms).push(
        ") ORDER BY id FOR NO KEY UPDATE), \
         closed AS (UPDATE ek_platform p SET failures = 0, open_until = NULL FROM before b WHERE p.id = b.id) \
         UPDATE ek_delivery d SET next_attempt = now() FROM before b WHERE b.open_until IS NOT NULL AND d.platform_id = b.id \
         AND d.state = 'waiting' AND d.waits_for IS NULL AND d.next_attempt > now() RETURNING d.platform_id",
    );
}

fn told_of(due: Vec<i64>) {
    if let Some(platform) = due.first() {
        tracing::info!(platform, waiting = due.len(), "a platform answers again");
    }
}

/// It does not: after some failures in a row nothing but a probe every 5 to 30 s. Answers whether the breaker is open.
async fn is_down(owner: &Owner<Sync>, one: &Taken) -> Result<bool, Fault> {
    let mut sql = Sql::new("UPDATE ek_platform SET failures = failures + 1, open_until = CASE WHEN failures + 1 >= ");
    sql.bind(BREAK_AFTER).push(" THEN now() + make_interval(secs => least(30, 5 * (failures + 2 - ").bind(BREAK_AFTER);
    sql.push("))) END WHERE id = ").bind(one.platform).push(" RETURNING open_until IS NOT NULL");
    let open = owner.database.store::<Bool, bool>(sql).await?.pop().unwrap_or_default();
    if open && !one.is_probe {
        tracing::warn!(platform = one.name, "does not answer; only probes for now");
    }
    Ok(open)
}
