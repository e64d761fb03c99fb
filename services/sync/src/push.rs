//! The calls: taken by lease, made without a transaction open, and settled by whoever still has the lease.
//!
//! A worker that dies loses only its lease: what it had sent may be sent again, under the same `webhook-id`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::sql_types::Text;
use jsonrpc::Fault;
use records::Sql;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, Response};
use serde::Deserialize;
use service::{Owner, telemetry};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tracing::{Instrument, field};

use crate::bodies::{self, Message};
use crate::hear::Kind;
use crate::settle::{Ended, Outcome};
use crate::{Sync, address, settle, signature};

/// How many calls to one platform are under way, a process.
const A_PLATFORM: usize = 8;
/// How many calls are under way in all, a process.
const IN_ALL: usize = 128;
/// How many deliveries of one platform are leased at a time: what is looked up together, so that a backlog drains fast.
const AHEAD: i64 = 64;
/// How many deliveries a process leases at most.
const LEASED: usize = 1_000;
/// How long a lease lasts, in seconds.
pub const LEASE: i64 = 60;
/// A call is begun only so far into its lease that it ends within it: a POST and the PUT after its 409 may take 20 s each.
const BEGUN_WITHIN: Duration = Duration::from_secs(18);
/// What a lost wake-up costs at most.
const POLL: Duration = Duration::from_millis(250);
/// How much of an answer is read, in bytes.
const READ_AT_MOST: usize = 16 * 1024;
/// How many ended calls are settled by one statement at most.
const TOGETHER: usize = 64;

/// A delivery that is leased, and the platform it goes to.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs, reason = "columns of ek_delivery and ek_platform")]
pub struct Taken {
    pub id: i64,
    pub platform: i64,
    pub name: String,
    pub kind: Kind,
    pub record: i64,
    pub verb: String,
    pub attempts: i64,
    pub webhook_id: String,
    pub traceparent: Option<String>,
    pub changed_at: DateTime<Utc>,
    pub lease: String,
    /// The first call to a platform whose breaker was open.
    pub is_probe: bool,
    base_url: String,
    #[serde(rename = "paths")]
    written_paths: Option<String>,
    sealed: Vec<String>,
    #[serde(skip)]
    paths: BTreeMap<String, String>,
    #[serde(skip)]
    secrets: Vec<Vec<u8>>,
}

/// What bounds the calls of this process, and who hears that they have ended.
struct Calls {
    in_all: Semaphore,
    platforms: Mutex<HashMap<i64, Arc<Lane>>>,
    over: mpsc::Sender<Ended>,
    not_over: mpsc::Sender<Ended>,
}

/// The way to one platform.
struct Lane {
    calls: Semaphore,
    /// Its breaker opened: what is leased and not begun is given back.
    is_broken: AtomicBool,
}

impl Calls {
    fn lane(&self, platform: i64) -> Arc<Lane> {
        let mut platforms = self.platforms.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Lane { calls: Semaphore::new(A_PLATFORM), is_broken: AtomicBool::new(false) });
        platforms.entry(platform).or_insert_with(new).clone()
    }
}

/// Sends what is due, until it is dropped.
pub async fn push(owner: &Arc<Owner<Sync>>) {
    let (over, mut all_over) = mpsc::channel(LEASED);
    let (not_over, mut all_not_over) = mpsc::channel(LEASED);
    let calls = Arc::new(Calls { in_all: Semaphore::new(IN_ALL), platforms: Mutex::default(), over, not_over });
    let taking = async {
        let mut sending = JoinSet::new();
        loop {
            while sending.try_join_next().is_some() {}
            let room = if owner.service.is_stopping() { 0 } else { LEASED.saturating_sub(*owner.service.under_way.borrow()) };
            let taken = if room > 0 { take(owner, room).await } else { Ok(Vec::new()) };
            match taken {
                Ok(taken) if !taken.is_empty() => {
                    owner.service.under_way.send_modify(|leased| *leased += taken.len());
                    sending.spawn(send_all(owner.clone(), calls.clone(), taken));
                }
                Ok(_) => {}
                Err(fault) => {
                    tracing::warn!(%fault, "deliveries can't be taken; trying again");
                    tokio::time::sleep(POLL).await;
                }
            }
            tokio::select! {
                () = owner.service.woken.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    };
    // The next of their keys, and the next of their platforms, may be due when some are settled
    let settling = async {
        let mut together = Vec::new();
        while all_over.recv_many(&mut together, TOGETHER).await > 0 {
            settle::over(owner, &together).await;
            owner.service.under_way.send_modify(|leased| *leased -= together.len());
            together.clear();
            owner.service.woken.notify_one();
        }
    };
    // Apart from those: a platform that does not answer keeps nobody's settlement
    let giving_back = async {
        while let Some(ended) = all_not_over.recv().await {
            if settle::not_over(owner, &ended).await {
                calls.lane(ended.one.platform).is_broken.store(true, Ordering::Relaxed);
            }
            owner.service.under_way.send_modify(|leased| *leased -= 1);
            owner.service.woken.notify_one();
        }
    };
    tokio::join!(taking, settling, giving_back);
}

/// Takes deliveries by one conditional UPDATE: of each key the first that is open, of a platform whose breaker is open one.
/// A platform that has half of what it may have leased is not asked about. The first of a key is a scalar sub-select: as an
/// anti-join, planned with the statistics of an empty queue, a backlog is read once for each of its rows.
async fn take(owner: &Owner<Sync>, room: usize) -> Result<Vec<Taken>, Fault> {
    let lease = format!("{:032x}", rand::random::<u128>());
    let mut sql = Sql::new(
        "WITH chosen AS MATERIALIZED (SELECT d.id, p.open_until IS NOT NULL AS is_probe FROM ek_platform p CROSS JOIN LATERAL (\
         SELECT count(*) AS n FROM ek_delivery f WHERE f.platform_id = p.id AND f.state = 'sending' AND f.lease_until > now()) leased \
         CROSS JOIN LATERAL (\
         SELECT d.id FROM ek_delivery d WHERE d.platform_id = p.id AND d.state IN ('waiting', 'sending') \
         AND (CASE d.state WHEN 'waiting' THEN d.next_attempt ELSE d.lease_until END) <= now() \
         AND d.id = (SELECT e.id FROM ek_delivery e WHERE e.platform_id = d.platform_id AND e.order_key = d.order_key \
         AND e.state IN ('waiting', 'sending') ORDER BY e.id LIMIT 1) \
         ORDER BY d.bulk, d.id LIMIT CASE WHEN p.open_until IS NOT NULL THEN greatest(0, 1 - leased.n) WHEN leased.n > ",
    );
    sql.bind(AHEAD / 2).push(" THEN 0 ELSE ").bind(AHEAD);
    sql.push(" - leased.n END) d WHERE p.active AND p.deleted_at IS NULL AND (p.open_until IS NULL OR p.open_until <= now()) LIMIT ");
    sql.bind(i64::try_from(room).unwrap_or(1));
    sql.push("), taken AS (UPDATE ek_delivery d SET state = 'sending', lease = ").bind(lease.as_str());
    sql.push(", lease_until = now() + make_interval(secs => ").bind(LEASE);
    sql.push(
        ") FROM chosen c WHERE d.id = c.id AND d.state IN ('waiting', 'sending') \
         AND (CASE d.state WHEN 'waiting' THEN d.next_attempt ELSE d.lease_until END) <= now() RETURNING d.*, c.is_probe) \
         SELECT row_to_json(t)::text FROM (SELECT t.id, t.platform_id AS platform, p.name, t.kind, t.record_id AS record, t.verb, t.attempts, \
         t.webhook_id, t.traceparent, t.changed_at, t.lease, t.is_probe, p.base_url, p.paths, array_remove(ARRAY[p.secret, \
         CASE WHEN p.secret_changed > now() - interval '24 hours' THEN p.secret_before END], NULL) AS sealed \
         FROM taken t JOIN ek_platform p ON p.id = t.platform_id ORDER BY t.id) t",
    );
    let rows = owner.database.store::<Text, String>(sql).await?;
    let mut taken = Vec::with_capacity(rows.len());
    for row in rows {
        // Of another version of the hub, it may be: it is tried again when its lease is over, and the others go on
        let mut one: Taken = match serde_json::from_str(&row) {
            Ok(one) => one,
            Err(error) => {
                service::our_fault("sync", "a delivery can't be read", &error);
                continue;
            }
        };
        one.secrets = one.sealed.iter().filter_map(|sealed| owner.service.keys.open(sealed)).collect();
        one.paths = one.written_paths.as_ref().and_then(|paths| serde_json::from_str(paths).ok()).unwrap_or_default();
        taken.push(one);
    }
    Ok(taken)
}

/// Builds the bodies in one go, then makes the calls side by side: the slow one keeps nobody.
async fn send_all(owner: Arc<Owner<Sync>>, calls: Arc<Calls>, taken: Vec<Taken>) {
    let (begun, many) = (Instant::now(), taken.len());
    let wanted: BTreeSet<(Kind, i64)> = taken.iter().map(|one| (one.kind, one.record)).collect();
    let said = tokio::time::timeout(BEGUN_WITHIN, bodies::look_up(&owner, &wanted)).await;
    // One that can't be told must not keep the others: then each is looked up by itself
    let is_poisoned = |fault: &Fault| fault.retry_after.is_none() && many > 1;
    let alone = matches!(&said, Ok(Err(fault)) if is_poisoned(fault));
    let mut sending = JoinSet::new();
    for one in taken {
        let own;
        let said = if alone {
            own = tokio::time::timeout(BEGUN_WITHIN, bodies::look_up(&owner, &BTreeSet::from([(one.kind, one.record)]))).await;
            &own
        } else {
            &said
        };
        let message = match said {
            Ok(Ok(said)) => Ok(said.message(one.kind, one.record, &one.verb)),
            Ok(Err(fault)) => {
                tracing::warn!(%fault, delivery = one.id, "an owner can't be asked; trying again");
                Err(match fault.retry_after {
                    Some(_) => Outcome::Later("a service of the hub is away; not attempted"),
                    None => Outcome::untold(fault),
                })
            }
            Err(_elapsed) => Err(Outcome::Later("a service of the hub is slow; not attempted")),
        };
        let (owner, calls, lane) = (owner.clone(), calls.clone(), calls.lane(one.platform));
        lane.is_broken.store(false, Ordering::Relaxed);
        sending.spawn(async move {
            let (_here, _in_all) = (lane.calls.acquire().await, calls.in_all.acquire().await);
            let (at, started) = (Utc::now(), Instant::now());
            let outcome = match message {
                Err(outcome) => outcome,
                Ok(None) => Outcome::Nothing,
                Ok(Some(_)) if one.secrets.is_empty() => {
                    tracing::error!(platform = one.platform, "a secret can't be opened: PLATFORM_KEYS lacks its key");
                    Outcome::Later("the platform's secret can't be opened; not attempted")
                }
                Ok(Some(_)) if lane.is_broken.load(Ordering::Relaxed) => Outcome::Later("other calls were not answered; not attempted"),
                Ok(Some(_)) if begun.elapsed() > BEGUN_WITHIN => Outcome::Later("others took long to answer; not attempted"),
                Ok(Some(message)) => send(&owner.service, &one, message).await,
            };
            let ended = Ended { one, outcome, at, started, took: started.elapsed() };
            let line = if ended.outcome.is_over() { &calls.over } else { &calls.not_over };
            // Nobody settles any more: the lease will end, and another try settles it
            drop(line.send(ended).await);
        });
    }
    while sending.join_next().await.is_some() {}
}

async fn send(sync: &Sync, one: &Taken, mut message: Message) -> Outcome {
    // A name is looked at when it is resolved; an address stands in the URL
    if let Some(why) = address::problem(&one.base_url, sync.allow_private) {
        return Outcome::Failed { status: None, why: why.to_owned(), retry_after: None, platform_down: true };
    }
    // Of a platform without a secret nothing is sent
    let secret = one.secrets.first().map(Vec::as_slice).unwrap_or_default();
    let told = std::mem::take(&mut message.told).into_iter();
    let mut told: Vec<_> = told.map(|(kind, id, body)| (kind, id, signature::kept_digest(secret, &body))).collect();
    let answer = call(sync, one, &message).await;
    // It is there already: the same as a PUT
    if let (Ok(409), "POST") = (answer.as_ref().map(|response| response.status().as_u16()), message.method) {
        let path = if one.kind == Kind::Product { "/api/odoo/products/update".to_owned() } else { message.path.clone() };
        let body = without_configurations(message.body);
        told.retain(|(kind, ..)| *kind == one.kind);
        return judged(call(sync, one, &Message { method: "PUT", path, body, told: Vec::new() }).await, told).await;
    }
    judged(answer, told).await
}

fn without_configurations(body: Vec<u8>) -> Vec<u8> {
    let mut json: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    json.as_object_mut().and_then(|body| body.remove("configurations"));
    if json.is_object() { json.to_string().into_bytes() } else { body }
}

async fn call(sync: &Sync, one: &Taken, message: &Message) -> reqwest::Result<Response> {
    let timestamp = Utc::now().timestamp();
    let method = match message.method {
        "POST" => Method::POST,
        "PATCH" => Method::PATCH,
        _ => Method::PUT,
    };
    // The trace of the request that caused the change goes on to the platform
    let span = tracing::info_span!(
        target: telemetry::SPANS,
        "push",
        otel.name = %format_args!("{} {}", message.method, one.kind.as_str()),
        otel.kind = "client",
        http.request.method = message.method,
        platform = one.name,
        delivery = one.id,
        http.response.status_code = field::Empty,
        error.type = field::Empty,
    );
    let own = one.traceparent.as_deref().map(|parent| telemetry::adopt(&span, parent).unwrap_or_else(|| parent.to_owned()));
    let mut request = sync
        .client
        .request(method, format!("{}{}", one.base_url, at(&one.paths, &message.path)))
        .header("webhook-id", &one.webhook_id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature::sign(&one.secrets, &one.webhook_id, timestamp, &message.body));
    if let Some(traceparent) = own {
        request = request.header("traceparent", traceparent);
    }
    if !message.body.is_empty() {
        request = request.header(CONTENT_TYPE, "application/json").body(message.body.clone());
    }
    let answer = request.send().instrument(span.clone()).await;
    match &answer {
        Ok(answer) => drop(span.record("http.response.status_code", answer.status().as_u16())),
        Err(error) => drop(span.record("error.type", if error.is_timeout() { "timeout" } else { "connection" })),
    }
    answer
}

/// A path as the platform has it: the longest beginning that it has otherwise is replaced.
fn at(paths: &BTreeMap<String, String>, path: &str) -> String {
    let other = paths.iter().filter_map(|(old, new)| Some((old.len(), new, path.strip_prefix(old.as_str())?)));
    other.max_by_key(|(length, ..)| *length).map_or_else(|| path.to_owned(), |(_, new, rest)| format!("{new}{rest}"))
}

async fn judged(answer: reqwest::Result<Response>, told: Vec<(Kind, i64, String)>) -> Outcome {
    let mut response = match answer {
        Ok(response) => response,
        Err(error) => {
            let why = if error.is_timeout() { "no answer in time".to_owned() } else { causes(&error.without_url()) };
            return Outcome::Failed { status: None, why, retry_after: None, platform_down: true };
        }
    };
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|text| {
        let seconds = text.parse().ok();
        seconds.or_else(|| Some((DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc) - Utc::now()).num_seconds()))
    });
    // Read to its end, so that the connection can be used again; what is longer costs the connection
    let mut body = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() > READ_AT_MOST {
            break;
        }
    }
    match status {
        200..300 => Outcome::Delivered(status, told),
        410 => Outcome::Gone,
        _ => {
            let why: String = String::from_utf8_lossy(&body).chars().filter(|c| !c.is_control()).take(500).collect();
            // What the platform says of this one message is no sign that it is down
            let platform_down = status >= 500 || matches!(status, 408 | 429) || (300..400).contains(&status);
            Outcome::Failed { status: Some(status), why, retry_after, platform_down }
        }
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text.chars().take(500).collect()
}
