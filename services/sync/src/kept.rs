//! What was refused at the doors, for support; and how long it and what was delivered are kept.

use std::time::Duration;

use jsonrpc::Fault;
use records::sql;
use serde_json::Value as Json;
use service::{Answers, Owner};
use sync_contract::kept::{MAX_BODY, cut};
use sync_contract::{KeepRefused, Refused};

use crate::signature::Kept;
use crate::{Sync, bodies_kept};

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
    let written = rows.iter().map(|row| {
        let mut row = serde_json::to_value(row)?;
        // What was sent is nowhere in the clear
        if let Some(row) = row.as_object_mut()
            && let Some(Json::String(body)) = row.remove("body")
        {
            let sealed = owner.service.keys.seal_body(Kept::Refused, cut(&body, MAX_BODY));
            row.insert(bodies_kept::COLUMN.to_owned(), sealed.into());
        }
        Ok(row)
    });
    let written = written.collect::<serde_json::Result<Json>>();
    let rows = written.map_err(|error| service::our_fault("sync", "refused requests can't be written", &error))?.to_string();
    owner.database.run(sql!("kept/keep_refused.sql", rows, IN_ALL - SWEPT, SWEPT, OF_A_USER)).await
}

/// Throws away what was refused, what was delivered, and the calls to platforms, each after its time.
pub async fn sweep(owner: &Owner<Sync>) {
    loop {
        let (requests, attempts) = owner.service.kept_days;
        match owner.database.run(sql!("kept/sweep.sql", i64::from(requests), i64::from(attempts))).await {
            // There is more
            Ok(10_000..) => continue,
            Ok(_) => match bodies_kept::empty(owner).await {
                Ok(1_000..) => continue,
                Ok(_) => {}
                Err(fault) => tracing::warn!(%fault, "bodies that were kept long enough can't be emptied; trying again"),
            },
            Err(fault) => tracing::warn!(%fault, "what has been kept long enough can't be thrown away; trying again"),
        }
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
}
