//! What was refused at the doors, for support; and how long it and what was delivered are kept.

use std::time::Duration;

use diesel::sql_types::BigInt;
use jsonrpc::Fault;
use records::Sql;
use service::{Answers, Owner};
use sync_contract::{KeepRefused, Refused};

use crate::Sync;

/// How many requests of one user are kept within an hour: enough to see what is wrong with them.
const OF_A_USER: i64 = 1_000;
/// How many are kept in all; the oldest go.
const IN_ALL: i64 = 100_000;
/// How many go at a time: more than come.
const SWEPT: i64 = 1_000;

impl Answers<KeepRefused> for Sync {
    async fn answer(owner: &Owner<Self>, question: KeepRefused, _: Option<&String>) -> Result<usize, Fault> {
        keep_refused(owner, &question.rows).await
    }
}

async fn keep_refused(owner: &Owner<Sync>, rows: &[Refused]) -> Result<usize, Fault> {
    let rows = serde_json::to_string(rows).map_err(|error| service::our_fault("sync", "refused requests can't be written", &error))?;
    let mut sql = Sql::new(
        "WITH old AS (DELETE FROM ek_request WHERE id IN (SELECT id FROM ek_request WHERE id <= (SELECT max(id) FROM ek_request) - ",
    );
    sql.bind(IN_ALL - SWEPT)
        .push(" ORDER BY id LIMIT ")
        .bind(SWEPT)
        .push(")), sent AS (SELECT r.*, row_number() OVER (PARTITION BY r.login) AS nth FROM jsonb_populate_recordset(NULL::ek_request, ");
    sql.bind(rows).push(
        "::jsonb) r WHERE r.login IS NOT NULL) \
         INSERT INTO ek_request (at, method, path, login, bank_id, status, error, message, reference, ek_order_id, email, trace_id) \
         SELECT at, method, path, login, bank_id, status, error, message, reference, ek_order_id, email, trace_id FROM sent \
         WHERE nth + (SELECT count(*) FROM ek_request k WHERE k.login = sent.login AND k.at > now() - interval '1 hour') <= ",
    );
    sql.bind(OF_A_USER).push(" RETURNING id");
    Ok(owner.database.store::<BigInt, i64>(sql).await?.len())
}

/// Throws away what was refused, what was delivered, and the calls to platforms, each after its time. Attempts are looked for from
/// the oldest on: their ids rise with time.
pub async fn sweep(owner: &Owner<Sync>) {
    loop {
        let (requests, attempts) = owner.service.kept_days;
        let mut sql = Sql::new("WITH kept AS (SELECT now() - make_interval(days => ");
        sql.bind(i64::from(requests)).push("::int) AS requests, now() - make_interval(days => ").bind(i64::from(attempts));
        sql.push(
            "::int) AS attempts), \
             refused AS (DELETE FROM ek_request WHERE id IN (SELECT r.id FROM kept k CROSS JOIN LATERAL \
             (SELECT r.id FROM ek_request r WHERE r.at < k.requests OR r.login IS NULL LIMIT 10000) r)), \
             tried AS (DELETE FROM ek_attempt WHERE id IN (SELECT a.id FROM kept k, (SELECT id, at FROM ek_attempt ORDER BY id LIMIT 10000) a WHERE a.at < k.attempts)) \
             DELETE FROM ek_delivery WHERE id IN (SELECT d.id FROM kept k, ek_platform p CROSS JOIN LATERAL (SELECT d.id FROM ek_delivery d \
             WHERE d.platform_id = p.id AND d.state = 'done' AND d.done_at < k.attempts LIMIT 10000) d LIMIT 10000) RETURNING id",
        );
        let swept = owner.database.store::<BigInt, i64>(sql).await.map_or(0, |ids| ids.len());
        if swept < 10_000 {
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
    }
}
