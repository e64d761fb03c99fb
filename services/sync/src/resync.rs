//! Work on many records: a full sync of a platform, or what a category's new name changes for all. In chunks, behind what is live.

use std::sync::Arc;
use std::time::Duration;

use diesel::sql_types::{BigInt, Nullable, Text};
use jsonrpc::Fault;
use records::Sql;
use serde_json::json;
use service::Owner;

use crate::Sync;
use crate::hear::{self, Kind};

/// How many records a step tells.
const CHUNK: usize = 200;
/// It goes on while fewer than this wait at its platform.
const ENOUGH_WAIT: i64 = 500;

/// Full syncs, a chunk at a time, as long as they don't crowd out what is live.
pub async fn tell_all(owner: &Arc<Owner<Sync>>) {
    loop {
        match tell_some(owner).await {
            Ok(true) => owner.woken.notify_one(),
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
        Kind::Product | Kind::Order | Kind::Pos | Kind::Test => "{id}",
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
