//! Work on many records: a full sync of a platform, or what a category's new name changes for all. In chunks, behind what is live.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use jsonrpc::Fault;
use records::sql;
use serde_json::{Value as Json, json};
use service::Owner;

use crate::hear::{self, Kind};
use crate::{Sync, adopt};

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

/// The next chunk of a sync; answers whether there was one. A sync that can't go on, but for what passes by itself, is put aside with
/// the reason: it keeps none behind it.
///
/// # Errors
/// 503 where the database or the owner of its records is away.
pub async fn tell_some(owner: &Owner<Sync>) -> Result<bool, Fault> {
    let next: Vec<Begun> = owner.database.rows(sql!("resync/next.sql", ENOUGH_WAIT)).await?;
    let Some(sync) = next.into_iter().next() else { return Ok(false) };
    match sync.go_on(owner).await {
        Err(fault) if !fault.nature().passes() => {
            tracing::error!(%fault, sync = sync.id, "a full sync was put aside");
            owner.database.run(sql!("resync/park.sql", sync.id, sync.after, fault.message)).await?;
        }
        other => other?,
    }
    Ok(true)
}

/// A sync that is not done.
#[derive(QueryableByName)]
struct Begun {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    platform_id: Option<i64>,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    verb: String,
    #[diesel(sql_type = Text)]
    filter: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    cause: Option<i64>,
    #[diesel(sql_type = BigInt)]
    after: i64,
}

impl Begun {
    async fn go_on(&self, owner: &Owner<Sync>) -> Result<(), Fault> {
        let (id, platform, after) = (self.id, self.platform_id, self.after);
        let kind = Kind::parse(&self.kind).ok_or_else(|| unread("kind", &self.kind))?;
        let verb = match self.verb.as_str() {
            "POST" => "POST",
            "PUT" => "PUT",
            adopt::HAS => adopt::HAS,
            other => return Err(unread("verb", &other)),
        };
        let mut filter: Vec<Json> = serde_json::from_str(&self.filter).map_err(|error| unread("filter", &error))?;
        filter.push(json!(["id", ">", after]));
        let query = match kind {
            Kind::Configuration | Kind::Stock => "{id, master_product}",
            Kind::Client => "{id, bank_ids}",
            Kind::User => "{id, bank_id}",
            Kind::Product | Kind::Order | Kind::Pos | Kind::Test => "{id}",
        };
        let mut rows = hear::read(owner, kind.model(), filter.into(), query).await?;
        rows.truncate(CHUNK);
        let has = match platform.filter(|_| verb == adopt::HAS) {
            Some(platform) => adopt::had(owner, platform, kind, &rows).await?,
            None => Vec::new(),
        };
        let news = if verb == adopt::HAS { Vec::new() } else { hear::of_rows(kind, verb, &rows, self.cause)? };
        let last = rows.last().map_or(Ok(after), hear::id_of)?;
        let many = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        owner
            .transact(None, |tx| {
                let (news, has) = (news.clone(), (!has.is_empty()).then(|| json!(has).to_string()));
                Box::pin(async move {
                    if tx.run(sql!("resync/move.sql", id, after, last, many)).await? > 0 {
                        hear::tell(tx, &news, platform).await?;
                        if let Some(has) = has {
                            tx.run(sql!("adopt/has.sql", platform, has)).await?;
                        }
                    }
                    Ok(())
                })
            })
            .await
    }
}

fn unread(what: &str, why: &dyn Display) -> Fault {
    Fault::validation(format!("its {what} can't be read: {why}"))
}
