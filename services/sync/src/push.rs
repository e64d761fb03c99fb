//! The calls: taken by lease, made without a transaction open, and settled by whoever still has the lease.
//!
//! A worker that dies loses only its lease: what it had sent may be sent again, under the same `webhook-id`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz};
use jsonrpc::{Call, Fault, Reply};
use records::Sql;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, Response};
use serde_json::json;
use service::Owner;
use tokio::task::JoinSet;

use crate::bodies::{self, Message};
use crate::hear::{self, Kind};
use crate::{Sync, metrics, signature};

/// How many calls to one platform are under way.
const A_PLATFORM: i64 = 8;
/// How many calls are under way in all, a process.
const IN_ALL: usize = 128;
/// How long a lease lasts, in seconds: longer than owners and platform may take together.
const LEASE: i64 = 60;
/// What a lost wake-up costs at most.
const POLL: Duration = Duration::from_millis(250);
/// How much of an answer is read, in bytes.
const READ_AT_MOST: usize = 16 * 1024;
/// After how many failures in a row nothing is attempted for a while.
const BREAK_AFTER: i64 = 5;
/// The bounds within which `Retry-After` is honoured, in seconds.
const RETRY_AFTER_BOUNDS: (i64, i64) = (1, 3_600);
/// How long after the n-th failure the next attempt is, in seconds; after the last one it is a dead letter.
const SCHEDULE: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// How many records a step of a full sync tells.
const CHUNK: usize = 200;
/// A full sync goes on while fewer than this wait at its platform.
const ENOUGH_WAIT: i64 = 500;

#[derive(Clone, Debug)]
struct Taken {
    id: i64,
    platform: i64,
    platform_name: String,
    kind: Kind,
    record: i64,
    verb: String,
    attempts: i64,
    webhook_id: String,
    traceparent: Option<String>,
    changed_at: DateTime<Utc>,
    base_url: String,
    paths: BTreeMap<String, String>,
    secrets: Vec<Vec<u8>>,
    is_probe: bool,
    lease: String,
}

enum Outcome {
    Delivered(u16, Vec<(Kind, i64, String)>),
    /// There is nothing to tell any more.
    Nothing,
    /// The platform does not want to hear any more.
    Gone,
    Failed {
        status: Option<u16>,
        why: String,
        retry_after: Option<i64>,
        /// The platform, not the message, is the cause.
        platform_down: bool,
    },
    /// Not attempted: an owner is away.
    Later,
}

/// Sends what is due, until it is dropped.
pub async fn push(owner: &Arc<Owner<Sync>>) {
    let mut calls = JoinSet::new();
    loop {
        while calls.try_join_next().is_some() {}
        let room = IN_ALL.saturating_sub(calls.len());
        let taken = if room > 0 { take(owner, room).await } else { Ok(Vec::new()) };
        match taken {
            Ok(taken) if !taken.is_empty() => {
                let owner = owner.clone();
                calls.spawn(async move { send_all(&owner, taken).await });
                continue;
            }
            Ok(_) => {}
            Err(fault) => {
                tracing::warn!(%fault, "deliveries can't be taken; trying again");
                tokio::time::sleep(POLL).await;
            }
        }
        tokio::select! {
            () = owner.service.woken.notified() => {}
            // The next of its key may be due now
            Some(_) = calls.join_next() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

/// Takes deliveries by one conditional UPDATE: of each key the first that is open, of a platform whose breaker is open one.
async fn take(owner: &Owner<Sync>, room: usize) -> Result<Vec<Taken>, Fault> {
    let lease = format!("{:032x}", rand::random::<u128>());
    let mut sql = Sql::new(
        "WITH chosen AS (SELECT d.id, p.open_until IS NOT NULL AS is_probe FROM ek_platform p CROSS JOIN LATERAL (\
         SELECT d.id FROM ek_delivery d WHERE d.platform_id = p.id AND d.state IN ('waiting', 'sending') \
         AND (CASE d.state WHEN 'waiting' THEN d.next_attempt ELSE d.lease_until END) <= now() \
         AND NOT EXISTS (SELECT FROM ek_delivery e WHERE e.platform_id = d.platform_id AND e.order_key = d.order_key \
         AND e.state IN ('waiting', 'sending') AND e.id < d.id) \
         ORDER BY d.bulk, d.id LIMIT greatest(0, CASE WHEN p.open_until IS NULL THEN ",
    );
    sql.bind(A_PLATFORM);
    sql.push(
        " ELSE 1 END - (SELECT count(*) FROM ek_delivery f WHERE f.platform_id = p.id AND f.state = 'sending' AND f.lease_until > now()))) d \
         WHERE p.active AND p.deleted_at IS NULL AND (p.open_until IS NULL OR p.open_until <= now()) LIMIT ",
    );
    sql.bind(i64::try_from(room).unwrap_or(1));
    sql.push("), taken AS (UPDATE ek_delivery d SET state = 'sending', lease = ").bind(lease.as_str());
    sql.push(", lease_until = now() + make_interval(secs => ").bind(LEASE);
    sql.push(
        ") FROM chosen c WHERE d.id = c.id AND d.state IN ('waiting', 'sending') \
         AND (CASE d.state WHEN 'waiting' THEN d.next_attempt ELSE d.lease_until END) <= now() RETURNING d.*, c.is_probe) \
         SELECT t.id, t.platform_id, p.name, t.kind, t.record_id, t.verb, t.attempts, t.webhook_id, t.traceparent, t.changed_at, p.base_url, \
         p.paths, p.secret, CASE WHEN p.secret_changed > now() - interval '24 hours' THEN p.secret_before END, t.is_probe \
         FROM taken t JOIN ek_platform p ON p.id = t.platform_id ORDER BY t.id",
    );
    type Columns = (
        BigInt,
        BigInt,
        Text,
        Text,
        BigInt,
        Text,
        BigInt,
        Text,
        Nullable<Text>,
        Timestamptz,
        Text,
        Nullable<Text>,
        Text,
        Nullable<Text>,
        Bool,
    );
    type Row = (
        i64,
        i64,
        String,
        String,
        i64,
        String,
        i64,
        String,
        Option<String>,
        DateTime<Utc>,
        String,
        Option<String>,
        String,
        Option<String>,
        bool,
    );
    let rows = owner.database.search::<Columns, Row>(sql).await?;
    let taken = rows.into_iter().filter_map(|row| {
        let (
            id,
            platform,
            platform_name,
            kind,
            record,
            verb,
            attempts,
            webhook_id,
            traceparent,
            changed_at,
            base_url,
            paths,
            secret,
            before,
            is_probe,
        ) = row;
        let kind = Kind::parse(&kind)?;
        let secrets = [Some(secret), before].into_iter().flatten().filter_map(|sealed| owner.service.keys.open(&sealed)).collect();
        let lease = lease.clone();
        Some(Taken {
            id,
            platform,
            platform_name,
            kind,
            record,
            verb,
            attempts,
            webhook_id,
            traceparent,
            changed_at,
            base_url,
            paths: paths.and_then(|paths| serde_json::from_str(&paths).ok()).unwrap_or_default(),
            secrets,
            is_probe,
            lease,
        })
    });
    Ok(taken.collect())
}

/// Builds the bodies in one go, then makes the calls side by side: the slow one keeps nobody.
async fn send_all(owner: &Arc<Owner<Sync>>, taken: Vec<Taken>) {
    let wanted: BTreeSet<(Kind, i64)> = taken.iter().map(|one| (one.kind, one.record)).collect();
    let said = tokio::time::timeout(Duration::from_secs(20), bodies::look_up(owner, &wanted)).await;
    let mut calls = JoinSet::new();
    for one in taken {
        let message = match &said {
            Ok(Ok(said)) => Some(said.message(one.kind, one.record, &one.verb)),
            Ok(Err(fault)) => {
                tracing::warn!(%fault, delivery = one.id, "an owner can't be asked; trying again");
                None
            }
            Err(_elapsed) => None,
        };
        let owner = owner.clone();
        calls.spawn(async move {
            let outcome = match message {
                None => Outcome::Later,
                Some(None) => Outcome::Nothing,
                Some(Some(_)) if one.secrets.is_empty() => {
                    tracing::error!(platform = one.platform, "a secret can't be opened: PLATFORM_KEYS lacks its key");
                    Outcome::Later
                }
                Some(Some(message)) => send(&owner.service, &one, message).await,
            };
            if let Err(fault) = settle(&owner, &one, outcome).await {
                // The lease will end, and another try settles it
                tracing::warn!(%fault, delivery = one.id, "a delivery can't be settled");
            }
        });
    }
    while calls.join_next().await.is_some() {}
    owner.service.woken.notify_one();
}

async fn send(sync: &Sync, one: &Taken, mut message: Message) -> Outcome {
    let mut told = std::mem::take(&mut message.told);
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
    let mut request = sync
        .client
        .request(method, format!("{}{}", one.base_url, at(&one.paths, &message.path)))
        .header("webhook-id", &one.webhook_id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature::sign(&one.secrets, &one.webhook_id, timestamp, &message.body));
    if let Some(traceparent) = &one.traceparent {
        request = request.header("traceparent", traceparent);
    }
    if !message.body.is_empty() {
        request = request.header(CONTENT_TYPE, "application/json").body(message.body.clone());
    }
    request.send().await
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
            let why = if error.is_timeout() { "no answer within 15 s".to_owned() } else { causes(&error.without_url()) };
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

/// Writes down what came of it, if the lease is still ours.
async fn settle(owner: &Owner<Sync>, one: &Taken, outcome: Outcome) -> Result<(), Fault> {
    let counted = |name: &str| metrics::ATTEMPTS.with_label_values(&[one.platform_name.as_str(), name]).inc();
    let mine = |sql: &mut Sql| {
        sql.push(" WHERE id = ").bind(one.id).push(" AND state = 'sending' AND lease = ").bind(one.lease.as_str()).push(" RETURNING id");
    };
    let mut sql = Sql::new("UPDATE ek_delivery SET write_date = now(), version = version + 1, ");
    match outcome {
        Outcome::Delivered(status, told) => {
            counted("delivered");
            let seconds = (Utc::now() - one.changed_at).num_milliseconds();
            metrics::LATENCY
                .with_label_values(&[&one.platform_name])
                .observe(f64::from(i32::try_from(seconds).unwrap_or(i32::MAX)) / 1000.0);
            let rows = told.iter().map(|(kind, id, digest)| json!({"kind": kind, "record_id": id, "digest": digest}));
            let rows = serde_json::Value::from(rows.collect::<Vec<_>>()).to_string();
            let mut done = Sql::new("WITH mine AS (");
            sql.push("state = 'done', done_at = now(), attempts = attempts + 1, last_error = NULL, last_status = ").bind(i64::from(status));
            mine(&mut sql);
            done.append(sql).push(") INSERT INTO ek_sent (platform_id, kind, record_id, digest) SELECT ").bind(one.platform);
            done.push("::bigint, w.kind, w.record_id, w.digest FROM mine, jsonb_to_recordset(").bind(rows);
            done.push(
                "::jsonb) AS w(kind text, record_id bigint, digest text) \
                 ON CONFLICT (platform_id, kind, record_id) DO UPDATE SET digest = excluded.digest, sent_at = now() RETURNING record_id",
            );
            owner.database.search::<BigInt, i64>(done).await?;
            is_up(owner, one).await
        }
        Outcome::Nothing => {
            sql.push("state = 'done', done_at = now(), last_error = 'the record is not there any more'");
            mine(&mut sql);
            owner.database.search::<BigInt, i64>(sql).await.map(drop)
        }
        Outcome::Later => wait_again(owner, one, None, "a service of the hub is away; not attempted", 2, false).await,
        Outcome::Gone => {
            counted("gone");
            wait_again(owner, one, Some(410), "410: the platform was switched off", 0, false).await?;
            let mut off = Sql::new("UPDATE ek_platform SET active = false, write_date = now(), version = version + 1 WHERE id = ");
            off.bind(one.platform).push(" RETURNING id");
            tracing::warn!(platform = one.platform_name, "answered 410 and is switched off");
            owner.database.search::<BigInt, i64>(off).await.map(drop)
        }
        Outcome::Failed { status, why, retry_after, platform_down } => {
            counted("failed");
            let opened = if platform_down { is_down(owner, one).await? } else { false };
            if !platform_down {
                is_up(owner, one).await?;
            }
            // While the breaker is open no attempt counts
            let counts = !(one.is_probe || opened) || !platform_down;
            let failures = usize::try_from(one.attempts).unwrap_or(usize::MAX);
            match SCHEDULE.get(failures) {
                None if counts => {
                    sql.push("state = 'dead', attempts = attempts + 1, last_status = ").bind(status.map(i64::from));
                    sql.push(", last_error = ").bind(why);
                    mine(&mut sql);
                    owner.database.search::<BigInt, i64>(sql).await.map(drop)
                }
                step => {
                    let planned = step.copied().unwrap_or(86_400);
                    // A tenth around it, so that what failed together does not come back together
                    let jitter = rand::random_range(0..=(planned / 5).max(1)) - planned / 10;
                    let (least, most) = RETRY_AFTER_BOUNDS;
                    let wait = retry_after.map_or(planned + jitter, |seconds| seconds.clamp(least, most));
                    wait_again(owner, one, status, &why, wait, counts).await
                }
            }
        }
    }
}

/// Back among those that wait. Where the record has a newer delivery that waits, that one speaks for both.
async fn wait_again(owner: &Owner<Sync>, one: &Taken, status: Option<u16>, why: &str, seconds: i64, counts: bool) -> Result<(), Fault> {
    let mut sql = Sql::new("WITH mine AS (SELECT * FROM ek_delivery WHERE id = ");
    sql.bind(one.id).push(" AND state = 'sending' AND lease = ").bind(one.lease.as_str());
    sql.push(
        " FOR UPDATE), newer AS (UPDATE ek_delivery d SET verb = CASE m.verb WHEN 'POST' THEN 'POST' WHEN d.verb THEN d.verb ELSE 'PUT' END \
         FROM mine m WHERE d.platform_id = m.platform_id AND d.kind = m.kind AND d.record_id = m.record_id AND d.state = 'waiting' RETURNING d.id) \
         UPDATE ek_delivery d SET write_date = now(), version = d.version + 1, lease = NULL, lease_until = NULL, \
         state = CASE WHEN EXISTS (SELECT FROM newer) THEN 'done' ELSE 'waiting' END, \
         done_at = CASE WHEN EXISTS (SELECT FROM newer) THEN now() END, attempts = d.attempts + ",
    );
    sql.bind(i64::from(counts)).push(", last_status = ").bind(status.map(i64::from));
    sql.push(", last_error = CASE WHEN EXISTS (SELECT FROM newer) THEN 'folded into a newer delivery: ' ELSE '' END || ").bind(why);
    sql.push(", next_attempt = now() + make_interval(secs => ").bind(seconds).push(") FROM mine m WHERE d.id = m.id RETURNING d.id");
    owner.database.search::<BigInt, i64>(sql).await.map(drop)
}

/// It answers: the breaker closes, and then everything that waits is due, in order.
async fn is_up(owner: &Owner<Sync>, one: &Taken) -> Result<(), Fault> {
    let mut sql =
        Sql::new("WITH before AS (SELECT id, open_until FROM ek_platform WHERE (failures > 0 OR open_until IS NOT NULL) AND id = ");
    sql.bind(one.platform);
    sql.push(
        " FOR UPDATE), closed AS (UPDATE ek_platform p SET failures = 0, open_until = NULL FROM before b WHERE p.id = b.id) \
         UPDATE ek_delivery d SET next_attempt = now() FROM before b WHERE b.open_until IS NOT NULL AND d.platform_id = b.id \
         AND d.state = 'waiting' RETURNING d.id",
    );
    let due = owner.database.search::<BigInt, i64>(sql).await?;
    if !due.is_empty() {
        tracing::info!(platform = one.platform_name, waiting = due.len(), "answers again");
    }
    Ok(())
}

/// It does not: after some failures in a row nothing but a probe every 5 to 30 s. Answers whether the breaker is open.
async fn is_down(owner: &Owner<Sync>, one: &Taken) -> Result<bool, Fault> {
    let mut sql = Sql::new("UPDATE ek_platform SET failures = failures + 1, open_until = CASE WHEN failures + 1 >= ");
    sql.bind(BREAK_AFTER).push(" THEN now() + make_interval(secs => least(30, 5 * (failures + 2 - ").bind(BREAK_AFTER);
    sql.push("))) END WHERE id = ").bind(one.platform).push(" RETURNING open_until IS NOT NULL");
    let open = owner.database.search::<Bool, bool>(sql).await?.pop().unwrap_or_default();
    if open && !one.is_probe {
        tracing::warn!(platform = one.platform_name, "does not answer; only probes for now");
    }
    Ok(open)
}

/// Full syncs, a chunk at a time, as long as they don't crowd out what is live.
pub async fn tell_all(owner: &Arc<Owner<Sync>>) {
    loop {
        match tell_some(owner).await {
            Ok(true) => owner.service.woken.notify_one(),
            Ok(false) => tokio::time::sleep(Duration::from_secs(1)).await,
            Err(fault) => {
                tracing::warn!(%fault, "a full sync can't go on; trying again");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    }
}

/// The next chunk of a sync; answers whether there was one.
async fn tell_some(owner: &Arc<Owner<Sync>>) -> Result<bool, Fault> {
    // Of a platform one kind after the other; replicas meet in the UPDATE that moves `after`
    let mut sql = Sql::new(
        "SELECT s.id, s.platform_id, s.kind, s.verb, s.filter, s.cause, s.after FROM ek_sync s WHERE s.state = 'running' \
         AND NOT EXISTS (SELECT FROM ek_sync e WHERE e.state = 'running' AND e.platform_id = s.platform_id AND e.id < s.id) \
         AND (SELECT count(*) FROM (SELECT FROM ek_delivery d WHERE d.platform_id = s.platform_id AND d.state = 'waiting' LIMIT ",
    );
    sql.bind(ENOUGH_WAIT).push(") w) < ").bind(ENOUGH_WAIT).push(" ORDER BY s.write_date LIMIT 1");
    type Columns = (BigInt, Nullable<BigInt>, Text, Text, Text, Nullable<BigInt>, BigInt);
    let row = owner.database.search::<Columns, (i64, Option<i64>, String, String, String, Option<i64>, i64)>(sql).await?.pop();
    let Some((id, platform, kind, verb, filter, cause, after)) = row else { return Ok(false) };
    let Some(kind) = Kind::parse(&kind) else { return Ok(false) };
    let mut filter: Vec<serde_json::Value> = serde_json::from_str(&filter).unwrap_or_default();
    filter.push(json!(["id", ">", after]));
    let query = match kind {
        Kind::Configuration | Kind::Stock => "{id, master_product}",
        Kind::Client => "{id, bank_ids}",
        Kind::User => "{id, bank_id}",
        _ => "{id}",
    };
    let mut rows = hear::read(owner, kind.model(), filter.into(), query).await?;
    rows.truncate(CHUNK);
    let verb = if verb == "POST" { "POST" } else { "PUT" };
    let news = hear::of_rows(kind, verb, &rows, cause);
    let last = rows.last().and_then(|row| row.get("id")?.as_i64()).unwrap_or(after);
    let many = i64::try_from(rows.len()).unwrap_or_default();
    let news = Arc::new(news);
    owner
        .transact(None, move |tx| {
            let news = news.clone();
            Box::pin(async move {
                let mut sql = Sql::new("UPDATE ek_sync SET write_date = now(), version = version + 1, after = ");
                sql.bind(last).push(", told = told + ").bind(many).push(", state = ").bind(if many == 0 { "done" } else { "running" });
                sql.push(" WHERE id = ").bind(id).push(" AND state = 'running' AND after = ").bind(after).push(" RETURNING id");
                if !tx.ids(sql).await?.is_empty() {
                    hear::tell(tx, &news, platform).await?;
                }
                Ok(())
            })
        })
        .await?;
    Ok(true)
}

/// Keeps what the doors refused: `{rows}`, as ek_request's columns.
///
/// # Errors
/// The database's own.
pub async fn keep_refused(owner: &Owner<Sync>, call: &Call) -> Result<Reply, Fault> {
    let mut sql = Sql::new(
        "INSERT INTO ek_request (at, method, path, login, bank_id, status, error, message, reference, ek_order_id, email, trace_id) \
         SELECT at, method, path, login, bank_id, status, error, message, reference, ek_order_id, email, trace_id \
         FROM jsonb_populate_recordset(NULL::ek_request, ",
    );
    sql.bind(call.params.need::<serde_json::Value>("rows")?.to_string()).push("::jsonb) RETURNING id");
    Ok(Reply::value(&owner.database.search::<BigInt, i64>(sql).await?.len()))
}

/// Throws away what was delivered, or refused, a month ago.
pub async fn sweep(owner: &Owner<Sync>) {
    loop {
        let sql = Sql::new(
            "WITH refused AS (DELETE FROM ek_request WHERE id IN (SELECT id FROM ek_request WHERE at < now() - interval '30 days' LIMIT 10000)) \
             DELETE FROM ek_delivery WHERE id IN (SELECT id FROM ek_delivery WHERE state = 'done' \
             AND done_at < now() - interval '30 days' LIMIT 10000) RETURNING id",
        );
        let swept = owner.database.search::<BigInt, i64>(sql).await.map_or(0, |ids| ids.len());
        if swept < 10_000 {
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
    }
}
