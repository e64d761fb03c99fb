//! Who was forgotten (law 18-07) stays so when a backup is restored: the list of them lies beside the data until it has been run
//! again, before the hub serves. It holds numbers and reasons, nothing of the persons.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use records::sql;
use serde_json::Value as Json;

/// The list's name in the data folder.
const FILE: &str = "forgotten.json";

/// The list of a database, as JSON: `[{partner_id, actor, reason, keep_until}]`.
///
/// # Errors
/// The database's own.
pub async fn list(url: &str) -> anyhow::Result<String> {
    let mut conn = AsyncPgConnection::establish(url).await.context("PostgreSQL can't be reached")?;
    if sql!("forgotten/is_there.sql").run(&mut conn).await? == 0 {
        return Ok("[]".to_owned());
    }
    let mut lists: Vec<List> = sql!("forgotten/list.sql").load(&mut conn).await?;
    Ok(lists.pop().context("there is no list of the forgotten")?.list)
}

/// The list, as JSON.
#[derive(QueryableByName)]
struct List {
    #[diesel(sql_type = Text)]
    list: String,
}

/// Keeps the list of the database that is to be replaced, beside what is kept already.
///
/// # Errors
/// A list or a folder that can't be read or written; the database's own.
pub async fn remember(url: &str, data_dir: &Path) -> anyhow::Result<()> {
    let mut all: Vec<Json> = serde_json::from_str(&list(url).await?)?;
    all.extend(kept(data_dir)?);
    if all.is_empty() {
        return Ok(());
    }
    fs::create_dir_all(data_dir)?;
    let (path, new) = (data_dir.join(FILE), data_dir.join(format!("{FILE}.new")));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(Json::from(all).to_string().as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path).context("the list of the forgotten can't be kept")
}

fn kept(data_dir: &Path) -> anyhow::Result<Vec<Json>> {
    let path = data_dir.join(FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(&path).with_context(|| format!("{} can't be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no list of the forgotten", path.display()))
}

/// Runs the kept list, if there is one, on a database that has its schema: everything or nothing, and once.
///
/// # Errors
/// A list that can't be read, the database's own: then the hub must not serve.
pub async fn again(url: &str, data_dir: &Path) -> anyhow::Result<()> {
    let kept = kept(data_dir)?;
    if kept.is_empty() {
        return Ok(());
    }
    let mut conn = AsyncPgConnection::establish(url).await.context("PostgreSQL can't be reached")?;
    conn.batch_execute("BEGIN").await?;
    let list = Json::from(kept.clone()).to_string();
    for (owner, forget) in [
        ("partners", sql!("forgotten/partners.sql", list.as_str())),
        ("crm", sql!("forgotten/crm.sql", list.as_str())),
        ("stock", sql!("forgotten/stock.sql", list.as_str())),
        ("sync", sql!("forgotten/sync.sql", list.as_str())),
    ] {
        forget.run(&mut conn).await.with_context(|| format!("{owner} can't forget them: the hub does not serve before"))?;
    }
    conn.batch_execute("COMMIT").await?;
    fs::remove_file(data_dir.join(FILE)).context("the list of the forgotten was run, and can't be removed")?;
    tracing::warn!(many = kept.len(), "clients who were forgotten before a backup was restored are forgotten again");
    Ok(())
}
