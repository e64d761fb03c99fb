//! A platform that has its records from elsewhere, as the Odoo that the hub follows sent them: it is noted what it has, so that it is told
//! changes alone.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use jsonrpc::Fault;
use records::{Action, Failure, Tx, sql};
use serde_json::{Map, Value as Json};
use service::{Answers, Owner};
use sync_contract::Adopt;

use crate::bodies::{self, Hearer, Told};
use crate::hear::{self, Kind};
use crate::{Sync, signature, steering};

/// Notes what a platform has.
pub const ADOPT: Action = Action {
    method: "action_adopt",
    arguments: &[],
    on_record: true,
    about: "Notes that the platform has every record as it is now, from the Odoo that it came from. Nothing is sent; what changes afterwards \
            is. Answers the ids of the `ek.sync` that show how far it is.",
};
/// In place of a verb: it has it.
pub const HAS: &str = "HAS";

/// Begins to note what platforms have.
///
/// # Errors
/// The database's own.
pub async fn begin(tx: &mut Tx<'_>, platforms: Vec<i64>) -> Result<Json, Failure> {
    let mut made = Vec::new();
    for platform in platforms {
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Test) {
            made.extend(tx.ids(sql!("models/full_sync.sql", platform, kind.as_str(), HAS, kind.everything(), tx.identity.uid)).await?);
        }
    }
    Ok(made.into())
}

impl Answers<Adopt> for Sync {
    async fn answer(owner: &Owner<Self>, Adopt { since, resume }: Adopt, traceparent: Option<&String>) -> Result<i64, Fault> {
        owner
            .transact(traceparent, |tx| {
                let since = since.clone();
                Box::pin(async move {
                    let model = tx.registry.model("ek.platform")?;
                    if resume {
                        let paused = tx.ids(sql!("adopt/paused.sql")).await?;
                        steering::pause(tx, model, paused, false).await?;
                    } else {
                        let new = tx.ids(sql!("adopt/new.sql", since.clone(), HAS)).await?;
                        begin(tx, new).await?;
                    }
                    let left = tx.ids(sql!("adopt/left.sql", since, HAS)).await?;
                    Ok(i64::try_from(left.len()).unwrap_or(i64::MAX))
                })
            })
            .await
    }
}

#[derive(QueryableByName)]
struct Whose {
    #[diesel(sql_type = Nullable<BigInt>)]
    bank_id: Option<i64>,
    #[diesel(sql_type = Text)]
    secret: String,
}

/// What a platform would have taken of these records, had it been told of each.
///
/// # Errors
/// 503 where an owner is away, 500 where its secret can't be opened.
pub async fn had(owner: &Owner<Sync>, platform: i64, kind: Kind, rows: &[Map<String, Json>]) -> Result<Vec<Told>, Fault> {
    let whose: Vec<Whose> = owner.database.rows(sql!("adopt/whose.sql", platform)).await?;
    let Some(Whose { bank_id: bank, secret }) = whose.into_iter().next() else { return Ok(Vec::new()) };
    let secret = owner.service.keys.open(&secret);
    let secret = secret.ok_or_else(|| service::our_fault("sync", "a platform's secret can't be opened", &platform))?;
    let wanted = rows.iter().map(|row| Ok((kind, hear::id_of(row)?))).collect::<Result<BTreeSet<_>, Fault>>()?;
    let said = bodies::look_up(owner, &wanted).await?;
    let hearer = Hearer { bank, knows: true, reference: None };
    let messages = wanted.iter().filter_map(|(kind, id)| said.message(*kind, *id, "PUT", hearer));
    let mut told: Vec<Told> = messages.flat_map(|message| message.told).collect();
    for one in &mut told {
        one.digest = signature::kept_digest(&secret, &one.digest);
    }
    Ok(told)
}
