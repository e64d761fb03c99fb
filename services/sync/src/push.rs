//! The calls: taken by lease, made without a transaction open, and settled by whoever still has the lease.
//!
//! A worker that dies loses only its lease: what it had sent may be sent again, under the same `webhook-id`. That id is made of what
//! the call says, and of the id before it: so no other call ever bears it, and a repeat does, whoever makes it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Text};
use jsonrpc::Fault;
use records::sql;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, Response};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use service::{Owner, address, telemetry};
use sync_contract::kept;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tracing::{Instrument, field};

use crate::bodies::{self, Hearer, Message, Told};
use crate::hear::Kind;
use crate::settle::{Ended, Outcome};
use crate::{Sync, settle, signature, why};

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
/// The same while nothing is due: what is heard of wakes it, and what is tried again may be so much late.
const IDLE_POLL: Duration = Duration::from_secs(1);
/// How often it is looked whether what waits for its cause waits in vain.
const FREED_EVERY: Duration = Duration::from_secs(5);
/// How much of an answer is read, in bytes.
const READ_AT_MOST: usize = 16 * 1024;
/// How many ended calls are settled by one statement at most.
const TOGETHER: usize = 64;

/// A delivery that is leased, and the platform it goes to.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "columns of ek_delivery and ek_platform")]
pub struct Taken {
    pub id: i64,
    pub platform: i64,
    pub name: String,
    pub kind: Kind,
    pub order_key: String,
    pub record: i64,
    /// How the platform knows it, where its event said so.
    reference: Option<String>,
    pub verb: String,
    pub attempts: i64,
    pub webhook_id: String,
    /// The digest and version of the call that bore that id; none where none did, or nobody knows what it said.
    sent: Option<String>,
    sent_version: Option<i64>,
    /// What the platform has taken of the record last.
    taken_digest: Option<String>,
    taken_version: Option<i64>,
    is_known: bool,
    pub traceparent: Option<String>,
    pub changed_at: DateTime<Utc>,
    pub lease: String,
    /// The first call to a platform whose breaker was open.
    pub is_probe: bool,
    /// Its lease was lost: a call may have left that nobody wrote down.
    is_again: bool,
    /// What the platform has to take first: it waits for that, and is not leased.
    waits_for: Option<String>,
    bank: Option<i64>,
    is_wanted: bool,
    pub platform_version: i64,
    base_url: String,
    #[serde(deserialize_with = "written_paths")]
    paths: BTreeMap<String, String>,
    sealed: Vec<String>,
    #[serde(skip)]
    secrets: Vec<Vec<u8>>,
}

/// How a call was known on the wire.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "columns of ek_delivery")]
pub struct Wire {
    pub webhook_id: String,
    pub sent: String,
    pub version: i64,
    /// By which verb it is told from now on, where that is another.
    pub verb: Option<&'static str>,
}

impl Taken {
    /// Whether the platform has taken the record before.
    pub fn knows(&self) -> bool {
        self.is_known
    }

    /// How a message goes on the wire: what is byte for byte the call before is that call once more, and all else has an id that
    /// follows from that call's and from what it says. Its version rises with each other content, so that a platform can drop
    /// what is older even where the record's own did not: a brand's name is part of what is said of its products.
    fn wire(&self, message: &Message) -> Wire {
        let said: [&[u8]; 3] = [message.method.as_bytes(), message.path.as_bytes(), &message.body];
        let digests: Vec<String> = self.secrets.iter().map(|secret| signature::mac(secret, &said)).collect();
        // By the secret before, too: it may have been sent by that
        let is_repeated = digests.iter().any(|digest| self.sent.as_ref() == Some(digest));
        let last = self.sent_version.max(self.taken_version).unwrap_or_default();
        let of_record = message.told.iter().find(|told| told.kind == self.kind && told.record_id == self.record);
        let is_taken = self.sent.is_none() && of_record.is_some_and(|told| self.taken_digest.as_ref() == Some(&told.digest));
        let differs = !is_repeated && !is_taken && last > 0;
        let version = message.version.max(last + i64::from(differs));
        let verb = (self.verb == "POST" && message.method != "POST").then_some("PUT");
        let (secret, sent) = (self.secrets.first().map(Vec::as_slice), digests.into_iter().next());
        let (secret, sent) = (secret.unwrap_or_default(), sent.unwrap_or_default());
        if is_repeated {
            return Wire { webhook_id: self.webhook_id.clone(), sent, version, verb };
        }
        let mut webhook_id = signature::mac(secret, &[self.webhook_id.as_bytes(), sent.as_bytes()]);
        webhook_id.truncate(32);
        Wire { webhook_id: format!("msg_{webhook_id}"), sent, version, verb }
    }

    /// What was sent is what a next call follows.
    fn follow(&mut self, wire: &Wire) {
        self.webhook_id.clone_from(&wire.webhook_id);
        self.sent = Some(wire.sent.clone());
        self.sent_version = Some(wire.version);
    }
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
    /// It is paused: the same.
    is_paused: AtomicBool,
    /// The version of the platform's record as it was when it answered 410: nothing of then is begun any more.
    gone: AtomicI64,
}

impl Calls {
    fn lane(&self, platform: i64) -> Arc<Lane> {
        let mut platforms = self.platforms.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let (is_broken, is_paused) = (AtomicBool::new(false), AtomicBool::new(false));
            Arc::new(Lane { calls: Semaphore::new(A_PLATFORM), is_broken, is_paused, gone: AtomicI64::new(0) })
        };
        platforms.entry(platform).or_insert_with(new).clone()
    }

    /// Which platforms are paused, and no others.
    fn pause(&self, paused: &[i64]) {
        let platforms = self.platforms.lock().unwrap_or_else(PoisonError::into_inner);
        platforms.iter().for_each(|(platform, lane)| lane.is_paused.store(paused.contains(platform), Ordering::Relaxed));
    }
}

/// Sends what is due, until it is dropped.
pub async fn push(owner: &Arc<Owner<Sync>>) {
    let (over, mut all_over) = mpsc::channel(LEASED);
    let (not_over, mut all_not_over) = mpsc::channel(LEASED);
    let calls = Arc::new(Calls { in_all: Semaphore::new(IN_ALL), platforms: Mutex::default(), over, not_over });
    let taking = async {
        let mut sending = JoinSet::new();
        let mut idle = POLL;
        loop {
            while sending.try_join_next().is_some() {}
            let room = if owner.service.is_stopping() || !owner.service.pushes {
                0
            } else {
                LEASED.saturating_sub(*owner.service.under_way.borrow())
            };
            let taken = if room > 0 { take(owner, room, &calls).await } else { Ok((Vec::new(), Vec::new())) };
            match taken {
                Ok((taken, waiting)) => {
                    idle = if taken.is_empty() && waiting.is_empty() { (idle * 2).min(IDLE_POLL) } else { POLL };
                    if !taken.is_empty() {
                        owner.service.under_way.send_modify(|leased| *leased += taken.len());
                        sending.spawn(send_all(owner.clone(), calls.clone(), taken));
                    }
                    // In their place others are due, their causes among them
                    if !waiting.is_empty() {
                        owner.woken.notify_one();
                        if let Err(fault) = free(owner, waiting).await {
                            tracing::warn!(%fault, "what waits for its cause can't be looked at; trying again");
                        }
                    }
                }
                Err(fault) => {
                    tracing::warn!(%fault, "deliveries can't be taken; trying again");
                    tokio::time::sleep(POLL).await;
                }
            }
            tokio::select! {
                () = owner.woken.notified() => idle = POLL,
                () = tokio::time::sleep(idle) => {}
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
            owner.woken.notify_one();
        }
    };
    // Apart from those: a platform that does not answer keeps nobody's settlement
    let giving_back = async {
        while let Some(ended) = all_not_over.recv().await {
            if settle::not_over(owner, &ended).await {
                calls.lane(ended.one.platform).is_broken.store(true, Ordering::Relaxed);
            }
            owner.service.under_way.send_modify(|leased| *leased -= 1);
            owner.woken.notify_one();
        }
    };
    tokio::join!(taking, settling, giving_back, free_all(owner));
}

/// Leases deliveries that are due; answers these, and those that were put to wait for their cause. Lanes hear which are paused.
async fn take(owner: &Owner<Sync>, room: usize, calls: &Calls) -> Result<(Vec<Taken>, Vec<i64>), Fault> {
    let (installation, room) = (owner.service.installation.as_str(), i64::try_from(room).unwrap_or(1));
    let lease = format!("{:032x}", rand::random::<u128>());
    let rows: Vec<String> =
        owner.database.store::<Text, _>(sql!("push/take.sql", installation, room, AHEAD / 2, AHEAD, lease, LEASE)).await?;
    let (mut taken, mut waiting, mut paused) = (Vec::with_capacity(rows.len()), Vec::new(), Vec::new());
    for row in rows {
        if row.starts_with(PAUSED) {
            let read = serde_json::from_str::<Paused>(&row);
            paused = read.map_err(|error| service::our_fault("sync", "which platforms are paused can't be read", &error))?.paused;
            continue;
        }
        // Of another version of the hub, it may be: it is tried again when its lease is over, and the others go on
        let mut one: Taken = match serde_json::from_str(&row) {
            Ok(one) => one,
            Err(error) => {
                service::our_fault("sync", "a delivery can't be read", &error);
                continue;
            }
        };
        if one.waits_for.is_some() {
            waiting.push(one.id);
            continue;
        }
        one.secrets = one.sealed.iter().filter_map(|sealed| owner.service.keys.open(sealed)).collect();
        taken.push(one);
    }
    calls.pause(&paused);
    Ok((taken, waiting))
}

/// How the row of those that are paused begins.
const PAUSED: &str = r#"{"paused""#;

/// Those that are paused.
#[derive(Deserialize)]
struct Paused {
    paused: Vec<i64>,
}

/// What waits for its cause is asked about again where that was taken, is not wanted any more, or is told by nobody. Whoever puts one
/// to wait and whoever settles its cause don't see each other's last step: so both look once more, and the later one sees all.
///
/// # Errors
/// 503 where the database is away.
async fn free(owner: &Owner<Sync>, waiting: Vec<i64>) -> Result<(), Fault> {
    if !waiting.is_empty() && owner.database.run(sql!("push/free.sql", waiting)).await? > 0 {
        owner.woken.notify_one();
    }
    Ok(())
}

/// The same for what waits under these keys, of which a cause was taken just now.
///
/// # Errors
/// 503 where the database is away.
pub async fn free_of(owner: &Owner<Sync>, keys: Vec<String>) -> Result<(), Fault> {
    let waiting = owner.database.search::<BigInt, i64>(sql!("push/waiting_of_keys.sql", keys)).await?;
    free(owner, waiting).await
}

/// Looks at all of them from time to time: a process that died did not.
async fn free_all(owner: &Owner<Sync>) {
    loop {
        tokio::time::sleep(FREED_EVERY).await;
        let freed = async { free(owner, owner.database.search::<BigInt, i64>(sql!("push/waiting.sql")).await?).await };
        if let Err(fault) = freed.await {
            tracing::warn!(%fault, "what waits for its cause can't be looked at; trying again");
        }
    }
}

/// Builds the bodies in one go, then makes the calls side by side: the slow one keeps nobody.
async fn send_all(owner: Arc<Owner<Sync>>, calls: Arc<Calls>, taken: Vec<Taken>) {
    let (begun, many) = (Instant::now(), taken.len());
    let wanted: BTreeSet<(Kind, i64)> = taken.iter().map(|one| (one.kind, one.record)).collect();
    let said = tokio::time::timeout(BEGUN_WITHIN, bodies::look_up(&owner, &wanted)).await;
    // One that can't be told must not keep the others: then each is looked up by itself
    let is_poisoned = |fault: &Fault| !fault.nature().passes() && many > 1;
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
            Ok(_) if !one.is_wanted => Err(Outcome::Nothing("the platform does not want it any more")),
            Ok(Ok(said)) => {
                let message = said.message(
                    one.kind,
                    one.record,
                    &one.verb,
                    Hearer { bank: one.bank, knows: one.knows(), reference: one.reference.as_deref() },
                );
                message.ok_or(Outcome::Nothing("there was nothing to tell"))
            }
            Ok(Err(fault)) => {
                tracing::warn!(%fault, delivery = one.id, "an owner can't be asked; trying again");
                Err(match fault.nature().passes() {
                    true => Outcome::Later("a service of the hub is away; not attempted"),
                    false => Outcome::untold(fault),
                })
            }
            Err(_elapsed) => Err(Outcome::Later("a service of the hub is slow; not attempted")),
        };
        let (owner, calls, lane) = (owner.clone(), calls.clone(), calls.lane(one.platform));
        lane.is_broken.store(false, Ordering::Relaxed);
        sending.spawn(async move {
            let (_here, _in_all) = (lane.calls.acquire().await, calls.in_all.acquire().await);
            let (at, started) = (Utc::now(), Instant::now());
            let not_now = if one.secrets.is_empty() {
                tracing::error!(platform = one.platform, "a secret can't be opened: PLATFORM_KEYS lacks its key");
                Some("the platform's secret can't be opened; not attempted")
            } else if lane.gone.load(Ordering::Acquire) >= one.platform_version {
                Some("the platform was switched off; not attempted")
            } else if lane.is_paused.load(Ordering::Relaxed) {
                Some("the platform is paused; not attempted")
            } else if lane.is_broken.load(Ordering::Relaxed) {
                Some("other calls were not answered; not attempted")
            } else if begun.elapsed() > BEGUN_WITHIN {
                Some("others took long to answer; not attempted")
            } else {
                None
            };
            let mut ended = Ended {
                one,
                outcome: Outcome::Later(""),
                wire: None,
                body: None,
                answer: None,
                why: None,
                untold: Vec::new(),
                at,
                started,
                took: Duration::ZERO,
            };
            ended.outcome = match (message, not_now) {
                (Err(outcome), _) => {
                    ended.why = matches!(outcome, Outcome::Failed { .. }).then(|| "The hub could not read the record".to_owned());
                    outcome
                }
                (Ok(_), Some(why)) => Outcome::Later(why),
                (Ok(message), None) => send(&owner, &mut ended, message).await,
            };
            if matches!(ended.outcome, Outcome::Gone) {
                lane.gone.fetch_max(ended.one.platform_version, Ordering::AcqRel);
            }
            ended.took = started.elapsed();
            let line = if ended.outcome.is_over() { &calls.over } else { &calls.not_over };
            // Nobody settles any more: the lease will end, and another try settles it
            drop(line.send(ended).await);
        });
    }
    while sending.join_next().await.is_some() {}
}

async fn send(owner: &Owner<Sync>, ended: &mut Ended, message: Message) -> Outcome {
    // A name is looked at when it is resolved; an address stands in the URL
    if let Some(why) = owner.service.reach.problem(&ended.one.base_url) {
        ended.why = Some(format!("The platform's address is not allowed: {why}"));
        return Outcome::Failed { status: None, why: why.to_owned(), retry_after: None, platform_down: true };
    }
    let mut message = message;
    // Of a platform without a secret nothing is sent
    let secret = ended.one.secrets.first().map(Vec::as_slice).unwrap_or_default();
    for told in message.told.iter_mut().chain(message.instead.iter_mut().flat_map(|instead| &mut instead.told)) {
        told.digest = signature::kept_digest(secret, &told.digest);
    }
    let answer = match made(owner, ended, &message).await {
        Ok(answer) => answer,
        Err(outcome) => return outcome,
    };
    match (answer.as_ref().map(|response| response.status().as_u16()), message.instead) {
        // It is there already: the same as a PUT
        (Ok(409), Some(instead)) => match made(owner, ended, &instead).await {
            Ok(answer) => judged(&owner.service, ended, answer, instead.told).await,
            Err(outcome) => outcome,
        },
        _ => judged(&owner.service, ended, answer, message.told).await,
    }
}

/// Makes a call, or says why not. Of the first call of a delivery the id follows from what it says; a later one that says something
/// else is written down before it leaves, so that it is known which was the last, whatever becomes of this process.
async fn made(owner: &Owner<Sync>, ended: &mut Ended, message: &Message) -> Result<reqwest::Result<Response>, Outcome> {
    let one = &mut ended.one;
    let wire = one.wire(message);
    let is_known = one.sent.as_ref() == Some(&wire.sent);
    if !is_known && (one.is_again || one.sent.is_some()) {
        let (id, lease, webhook_id) = (one.id, one.lease.as_str(), wire.webhook_id.as_str());
        match owner.database.run(sql!("push/about_to_send.sql", id, lease, webhook_id, wire.sent.as_str(), wire.version)).await {
            Ok(1..) => {}
            Ok(0) => return Err(Outcome::Later("another process has taken it; not attempted")),
            Err(fault) => {
                tracing::warn!(%fault, delivery = one.id, "what is about to be sent can't be written down; trying again");
                return Err(Outcome::Later("the hub's database is away; not attempted"));
            }
        }
    }
    one.follow(&wire);
    let answer = call(&owner.service, one, &wire, message).await;
    ended.wire = Some(wire);
    ended.body = Some(kept::of_our_own(&message.body));
    ended.untold.clone_from(&message.untold);
    Ok(answer)
}

async fn call(sync: &Sync, one: &Taken, wire: &Wire, message: &Message) -> reqwest::Result<Response> {
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
        .header("webhook-id", &wire.webhook_id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-version", wire.version)
        .header("webhook-signature", signature::sign(&one.secrets, &wire.webhook_id, timestamp, &message.body))
        .header(CONTENT_TYPE, "application/json")
        .body(message.body.clone());
    if let Some(traceparent) = own {
        request = request.header("traceparent", traceparent);
    }
    let answer = request.send().instrument(span.clone()).await;
    match &answer {
        Ok(answer) => drop(span.record("http.response.status_code", answer.status().as_u16())),
        Err(error) => drop(span.record("error.type", if error.is_timeout() { "timeout" } else { "connection" })),
    }
    answer
}

/// A platform's paths, which are kept as a text of JSON.
fn written_paths<'de, D: Deserializer<'de>>(text: D) -> Result<BTreeMap<String, String>, D::Error> {
    let text = Option::<String>::deserialize(text)?.filter(|text| !text.is_empty());
    let paths = text.map(|text| serde_json::from_str(&text)).transpose();
    paths.map(Option::unwrap_or_default).map_err(|error| D::Error::custom(format!("the platform's paths: {error}")))
}

/// A path as the platform has it: the longest beginning that it has otherwise is replaced.
fn at(paths: &BTreeMap<String, String>, path: &str) -> String {
    let other = paths.iter().filter_map(|(old, new)| Some((old.len(), new, path.strip_prefix(old.as_str())?)));
    other.max_by_key(|(length, ..)| *length).map_or_else(|| path.to_owned(), |(_, new, rest)| format!("{new}{rest}"))
}

/// What an answer comes to; what it says is kept beside the call.
async fn judged(sync: &Sync, ended: &mut Ended, answer: reqwest::Result<Response>, told: Vec<Told>) -> Outcome {
    let mut response = match answer {
        Ok(response) => response,
        Err(error) => {
            ended.why = Some(why::of_error(&error, address::CONNECTING, sync.answering));
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
    ended.answer = Some(why::answer(&body));
    ended.why = (!response.status().is_success()).then(|| why::of_status(response.status()));
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
