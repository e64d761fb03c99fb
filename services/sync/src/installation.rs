//! Whose data the database has. A copy of it that is started beside the original, for a look, must not call the real platforms: it is
//! another installation's, and pushes nothing until somebody says that it stands in the original's place.

use std::time::Duration;

use anyhow::ensure;
use diesel::sql_types::{Nullable, Text};
use jsonrpc::Fault;
use records::sql;
use service::Owner;

use crate::{Sync, SyncConfig};

/// The demo's.
const DEMO: &str = "demo";

/// The name of this process's installation.
///
/// # Errors
/// No name outside the demo, or one that is none.
pub fn named(config: &SyncConfig) -> anyhow::Result<String> {
    let name = config.installation.clone().or_else(|| config.demo.then(|| DEMO.to_owned()));
    let name = name.unwrap_or_default();
    ensure!(!name.is_empty(), "INSTALLATION is missing: a name for this hub, another for each copy of its data (DEMO=false requires it)");
    let is_word = name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    ensure!(is_word, "INSTALLATION may have letters, digits, - _ and . only, 64 at most");
    Ok(name)
}

/// Gives the database this installation's name, where it has none: before anything is pushed.
pub async fn claim(owner: &Owner<Sync>) {
    while let Err(fault) = owner.database.run(sql!("installation/claim.sql", owner.service.installation.as_str())).await {
        tracing::warn!(%fault, "the installation's name can't be written; trying again");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    match withheld(owner).await {
        Ok(Some(why)) => tracing::warn!("{why}"),
        Ok(None) => {}
        Err(fault) => tracing::warn!(%fault, "the installation's name can't be read"),
    }
}

/// Why this process pushes nothing; none where it does.
///
/// # Errors
/// 503 where the database is away.
pub async fn withheld(owner: &Owner<Sync>) -> Result<Option<String>, Fault> {
    if !owner.service.pushes {
        return Ok(Some("nothing is pushed: PUSH is false".to_owned()));
    }
    let own = &owner.service.installation;
    let theirs = owner.database.read_line(sql!("installation/whose.sql")).await?.pop();
    Ok(theirs.filter(|theirs| theirs != own).map(|theirs| {
        format!(
            "nothing is pushed: the database is that of the installation '{theirs}', this process is of '{own}'; \
             if it is to push in the other's place, `hub adopt` (or `sync adopt`)"
        )
    }))
}

/// Makes the database this installation's; answers in words.
///
/// # Errors
/// The database's own.
pub async fn adopt(owner: &Owner<Sync>) -> anyhow::Result<String> {
    let own = owner.service.installation.as_str();
    let before = owner.database.store::<Nullable<Text>, Option<String>>(sql!("installation/adopt.sql", own)).await;
    let before = before.map_err(|fault| anyhow::anyhow!("{fault}"))?.into_iter().flatten().next();
    Ok(match before.as_deref() {
        None => format!("the database is that of the installation '{own}' now"),
        Some(same) if same == own => format!("the database is that of the installation '{own}' already"),
        Some(other) => {
            format!("the database is that of the installation '{own}' now; it was that of '{other}', which pushes nothing from it any more")
        }
    })
}
