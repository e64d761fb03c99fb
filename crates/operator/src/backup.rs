//! Back up, and restore: a folder with everything of a hub on one machine.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use records::sql;
use service::config::Variables;
use service::sealing::{self, Wanted};
use tokio::process::Command;

use crate::keys::{KEY, kept_key};
use crate::{OWNERS, forgotten, provision};

/// The database in a backup, as `pg_dump -Fc` writes it.
const DUMP: &str = "database.dump";
/// What is encrypted: what it is, the variable whose keys open it, and the query of its texts (`bound_to`, `text`), as
/// [`sealing`] reads them.
pub type Sealed = (&'static str, &'static str, &'static str);

/// How many encrypted texts are read at a time.
const AT_ONCE: usize = 1_000;

/// Writes a backup into a new folder, which holds everything that a restore needs; the hub may go on meanwhile. Answers where it
/// is, and where the keys are that it wants.
///
/// # Errors
/// A folder that is there already, a database without the hub's schemas, no `pg_dump`, or what it says; then nothing is left.
pub async fn back_up(sealed: &[Sealed], url: &str, data_dir: &Path, folder: &Path, variables: &Variables) -> anyhow::Result<String> {
    let pg_dump = Program::find("pg_dump").await?;
    let mut conn = AsyncPgConnection::establish(url).await.context("the database can't be reached")?;
    let missing: Vec<&str> = missing_schemas(&mut conn).await?;
    ensure!(missing.is_empty(), "there is no hub to back up in this database: it has no schema of {}", missing.join(", "));
    DirBuilder::new().mode(0o700).create(folder).with_context(|| format!("can't make {}", folder.display()))?;
    let write = async {
        let dump = folder.join(DUMP);
        pg_dump.run(url, &["--format=custom".as_ref(), "--file".as_ref(), dump.as_os_str()]).await?;
        fs::set_permissions(&dump, fs::Permissions::from_mode(0o600))?;
        // After the dump: what was encrypted meanwhile is among it
        let keys = Keys::look(sealed, &mut conn, kept_key(data_dir)?, variables).await?;
        if keys.opens_some {
            fs::copy(data_dir.join(KEY), folder.join(KEY)).context("the key can't be copied")?;
        }
        Ok(format!("{} ({} kB). {}", folder.display(), fs::metadata(&dump)?.len() / 1024, keys.told("it")))
    };
    let written: anyhow::Result<String> = write.await;
    if written.is_err() {
        fs::remove_dir_all(folder).ok();
    }
    written
}

async fn missing_schemas(conn: &mut AsyncPgConnection) -> anyhow::Result<Vec<&'static str>> {
    let there: Vec<Schema> = sql!("backup/schemas.sql").load(conn).await?;
    Ok(OWNERS.iter().filter(|owner| !there.iter().any(|schema| schema.name == **owner)).copied().collect())
}

/// A schema that migrations have run in.
#[derive(QueryableByName)]
struct Schema {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Which keys open what is encrypted in a database: every text of it is tried.
struct Keys {
    /// What the key that the hub keeps opens all of.
    by_kept: Vec<&'static str>,
    /// Whether it opens anything.
    opens_some: bool,
    /// What to know of the rest, a sentence each.
    rest: Vec<String>,
}

impl Keys {
    async fn look(sealed: &[Sealed], conn: &mut AsyncPgConnection, kept: Option<String>, variables: &Variables) -> anyhow::Result<Keys> {
        let kept = kept.map(|key| sealing::Keys::parse(KEY, &key.into())).transpose()?;
        let mut keys = Keys { by_kept: Vec::new(), opens_some: false, rest: Vec::new() };
        for &(what, variable, texts) in sealed {
            let given = variables.get(variable).map(|given| sealing::Keys::parse(variable, &given.clone().into())).transpose()?;
            let (by_kept, by_given, all) = wanted(conn, texts, kept.as_ref(), given.as_ref()).await?;
            keys.opens_some |= by_kept.closed.values().sum::<usize>() < all;
            let names = by_given.keys.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
            match given {
                _ if all == 0 => {}
                _ if by_kept.closed.is_empty() => keys.by_kept.push(what),
                Some(_) if by_given.closed.is_empty() => {
                    keys.rest.push(format!("{variable} opens the {what} (key {names}) and is not in it: keep it too."));
                }
                None if kept.is_none() => {
                    keys.rest.push(format!("{variable}, which is not in it, is wanted for the {what} (key {names}): keep it too."));
                }
                _ => {
                    let closed = if given.is_some() { by_given } else { by_kept };
                    for (name, many) in closed.closed {
                        keys.rest
                            .push(format!("No key here opens {many} of the {what}: without the key '{name}' of {variable} they are lost."));
                    }
                }
            }
        }
        Ok(keys)
    }

    /// `it` is what the kept key is in.
    fn told(&self, it: &str) -> String {
        let mut told = match (self.by_kept.is_empty(), self.rest.is_empty()) {
            (true, true) => vec!["Nothing in it is encrypted: no key is wanted.".to_owned()],
            (true, false) => Vec::new(),
            (false, true) => vec![format!("The key is in {it}: keep it safe.")],
            (false, false) => vec![format!("The key of the {} is in {it}: keep it safe.", self.by_kept.join(" and the "))],
        };
        told.extend(self.rest.iter().cloned());
        told.join(" ")
    }
}

/// What encrypted texts want of the kept keys and of those that were given, and how many there are.
async fn wanted(
    conn: &mut AsyncPgConnection,
    texts: &str,
    kept: Option<&sealing::Keys>,
    given: Option<&sealing::Keys>,
) -> anyhow::Result<(Wanted, Wanted, usize)> {
    let (mut by_kept, mut by_given, mut all) = (Wanted::default(), Wanted::default(), 0);
    let begun = conn.batch_execute(&format!("BEGIN READ ONLY; DECLARE sealed NO SCROLL CURSOR FOR {texts}")).await;
    match begun {
        // A backup of a release that did not have the table yet: there is none of it
        Err(diesel::result::Error::DatabaseError(_, info)) if info.message().ends_with("does not exist") => {
            conn.batch_execute("ROLLBACK").await?;
            return Ok((by_kept, by_given, all));
        }
        other => other?,
    }
    loop {
        // Of a cursor nothing can be prepared
        let rows: Vec<SealedText> = diesel::sql_query(format!("FETCH {AT_ONCE} FROM sealed")).load(conn).await?;
        for SealedText { bound_to, text } in &rows {
            by_kept.note(kept, bound_to, text);
            by_given.note(given, bound_to, text);
        }
        all += rows.len();
        if rows.len() < AT_ONCE {
            break;
        }
    }
    conn.batch_execute("COMMIT").await?;
    Ok((by_kept, by_given, all))
}

/// An encrypted text, and what it is bound to.
#[derive(QueryableByName)]
struct SealedText {
    #[diesel(sql_type = Text)]
    bound_to: String,
    #[diesel(sql_type = Text)]
    text: String,
}

/// That a folder is a backup of a hub: looked at before anything is made.
///
/// # Errors
/// That it is none, or no `pg_restore`.
pub async fn check(folder: &Path) -> anyhow::Result<()> {
    let dump = folder.join(DUMP);
    ensure!(dump.exists(), "{} is no backup: there is no {DUMP} in it", folder.display());
    let mut list = Command::new(Program::find("pg_restore").await?.0);
    let listed = list.arg("--list").arg(&dump).output().await?;
    ensure!(listed.status.success(), "{} is no backup: {}", dump.display(), String::from_utf8_lossy(&listed.stderr).trim());
    let listed = String::from_utf8_lossy(&listed.stdout);
    let is_there = |owner: &str| listed.lines().any(|line| line.contains(&format!(" TABLE {owner} __diesel_schema_migrations ")));
    let missing: Vec<&str> = OWNERS.iter().filter(|owner| !is_there(owner)).copied().collect();
    ensure!(missing.is_empty(), "{} is no backup of a hub: it has no schema of {}", folder.display(), missing.join(", "));
    Ok(())
}

/// Puts a backup that was [checked](check) in the place of the database. What is there stays until the backup is whole; sessions
/// end, and the feeds go on beyond every position that was ever given. Answers that, and where the keys are that it wants.
///
/// # Errors
/// No `pg_restore`, or what it says; then nothing has changed.
pub async fn restore(sealed: &[Sealed], url: &str, data_dir: &Path, folder: &Path, variables: &Variables) -> anyhow::Result<String> {
    let (dump, pg_restore) = (folder.join(DUMP), Program::find("pg_restore").await?);
    let (server, name) = url.rsplit_once('/').context("DATABASE_URL names no database")?;
    let (name, query) = name.split_once('?').map_or((name, String::new()), |(name, query)| (name, format!("?{query}")));
    let of = |name: &str| format!("{server}/{name}{query}");
    let (fresh, before) = (format!("{name}_restored"), format!("{name}_before"));

    let mut admin = AsyncPgConnection::establish(&of("postgres")).await.context("PostgreSQL can't be reached")?;
    provision::owners(&mut admin).await?;
    admin.batch_execute(&format!("DROP DATABASE IF EXISTS {fresh} WITH (FORCE)")).await?;
    provision::database(&of("postgres"), &fresh).await?;
    let fill = async {
        pg_restore.run(&of(&fresh), &["--exit-on-error".as_ref(), dump.as_os_str()]).await?;
        let mut restored = AsyncPgConnection::establish(&of(&fresh)).await?;
        // Those that ended since the backup would live again
        restored.batch_execute("DELETE FROM partners.session").await?;
        let kept = kept_key(folder)?.or(kept_key(data_dir)?);
        Keys::look(sealed, &mut restored, kept, variables).await
    };
    let filled = fill.await;
    if filled.is_err() {
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {fresh} WITH (FORCE)")).await.ok();
    }
    let keys = filled?;

    admin.batch_execute(&format!("DROP DATABASE IF EXISTS {before} WITH (FORCE)")).await?;
    provision::database(&of("postgres"), name).await?;
    // Who was forgotten since the backup is forgotten again before the hub serves
    forgotten::remember(url, data_dir).await?;
    let away = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    admin.batch_execute(&away).await?;
    admin.batch_execute(&format!("ALTER DATABASE {name} RENAME TO {before}")).await?;
    admin.batch_execute(&format!("ALTER DATABASE {fresh} RENAME TO {name}")).await?;
    admin.batch_execute(&format!("DROP DATABASE {before} WITH (FORCE)")).await?;
    put_key(folder, data_dir)?;
    Ok(format!("{} is restored; everybody logs in again. {}", folder.display(), keys.told(&data_dir.display().to_string())))
}

/// The backup's key goes to where the hub looks for it. Another that is there may be the only one of something: it is kept beside.
fn put_key(folder: &Path, data_dir: &Path) -> anyhow::Result<()> {
    let Some(key) = kept_key(folder)? else { return Ok(()) };
    let place = data_dir.join(KEY);
    fs::create_dir_all(data_dir)?;
    if kept_key(data_dir)?.is_some_and(|there| there != key) {
        fs::rename(&place, place.with_added_extension("before")).context("the key that was there can't be kept")?;
    }
    fs::copy(folder.join(KEY), place).context("the key can't be copied")?;
    Ok(())
}

/// A program of PostgreSQL's for clients.
struct Program(PathBuf);

impl Program {
    /// Looked for before anything is done; none is fetched.
    async fn find(name: &'static str) -> anyhow::Result<Program> {
        let folder = tokio::task::spawn_blocking(move || local_postgres::find(&[name])).await?;
        Ok(Program(folder.context("install PostgreSQL's client programs")?.join(name)))
    }

    /// Runs it on a database. The password goes by the environment: arguments are everybody's to read.
    async fn run(&self, url: &str, arguments: &[&std::ffi::OsStr]) -> anyhow::Result<()> {
        let (open, password) = provision::without_password(url)?;
        let done = Command::new(&self.0).env("PGPASSWORD", password).arg("--dbname").arg(open).args(arguments).output().await?;
        ensure!(done.status.success(), "{}: {}", self.0.display(), String::from_utf8_lossy(&done.stderr).trim());
        Ok(())
    }
}
