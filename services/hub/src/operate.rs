//! What an operator of one machine does: back up, restore, ask what is wrong; and the secrets of a cluster, to begin with.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use service::config::Variables;
use service::doctor::{Finding, examine, told};
use tokio::process::Command;

use crate::{Hub, PROCESSES, provision};

/// The database in a backup, as `pg_dump -Fc` writes it.
const DUMP: &str = "database.dump";
/// The key of what is encrypted in it, where the hub keeps one itself.
pub const KEY: &str = "loan_file.key";

/// Writes a backup into a new folder, which holds everything that a restore needs; the hub may go on meanwhile.
///
/// # Errors
/// A folder that is there already, no `pg_dump`, or what it says.
pub async fn back_up(url: &str, data_dir: &Path, folder: &Path) -> anyhow::Result<String> {
    DirBuilder::new().mode(0o700).create(folder).with_context(|| format!("can't make {}", folder.display()))?;
    let dump = folder.join(DUMP);
    program("pg_dump", url, &["--format=custom".as_ref(), "--file".as_ref(), dump.as_os_str()]).await?;
    fs::set_permissions(&dump, fs::Permissions::from_mode(0o600))?;
    let key = data_dir.join(KEY);
    let with_key = key.exists();
    if with_key {
        fs::copy(&key, folder.join(KEY)).context("the key can't be copied")?;
    }
    let size = fs::metadata(&dump)?.len() / 1024;
    let keys = if with_key { "The key is in it: keep it safe." } else { "LOAN_FILE_KEYS and PLATFORM_KEYS are not in it: keep them too." };
    Ok(format!("{} ({size} kB). {keys}", folder.display()))
}

/// Puts a backup in the place of the database. What is there stays until the backup is whole; sessions end, and the feeds go on
/// beyond every position that was ever given.
///
/// # Errors
/// A folder that is no backup, no `pg_restore`, or what it says; then nothing has changed.
pub async fn restore(url: &str, data_dir: &Path, folder: &Path) -> anyhow::Result<()> {
    let dump = folder.join(DUMP);
    ensure!(dump.exists(), "{} is no backup: there is no {DUMP} in it", folder.display());
    let (server, name) = url.rsplit_once('/').context("DATABASE_URL names no database")?;
    let (name, query) = name.split_once('?').map_or((name, String::new()), |(name, query)| (name, format!("?{query}")));
    let of = |name: &str| format!("{server}/{name}{query}");
    let (fresh, before) = (format!("{name}_restored"), format!("{name}_before"));

    let mut admin = AsyncPgConnection::establish(&of("postgres")).await.context("PostgreSQL can't be reached")?;
    provision::owners(&mut admin).await?;
    admin.batch_execute(&format!("DROP DATABASE IF EXISTS {fresh} WITH (FORCE)")).await?;
    provision::database(&of("postgres"), &fresh).await?;
    program("pg_restore", &of(&fresh), &["--exit-on-error".as_ref(), dump.as_os_str()]).await?;
    let mut restored = AsyncPgConnection::establish(&of(&fresh)).await?;
    // Those that ended since the backup would live again
    restored.batch_execute("DELETE FROM partners.session").await?;
    drop(restored);

    admin.batch_execute(&format!("DROP DATABASE IF EXISTS {before} WITH (FORCE)")).await?;
    provision::database(&of("postgres"), name).await?;
    let away = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    admin.batch_execute(&away).await?;
    admin.batch_execute(&format!("ALTER DATABASE {name} RENAME TO {before}")).await?;
    admin.batch_execute(&format!("ALTER DATABASE {fresh} RENAME TO {name}")).await?;
    admin.batch_execute(&format!("DROP DATABASE {before} WITH (FORCE)")).await?;
    if folder.join(KEY).exists() {
        fs::create_dir_all(data_dir)?;
        fs::copy(folder.join(KEY), data_dir.join(KEY)).context("the key can't be copied")?;
    }
    Ok(())
}

/// A program of PostgreSQL's on a database. The password goes by the environment: arguments are everybody's to read.
async fn program(name: &str, url: &str, arguments: &[&std::ffi::OsStr]) -> anyhow::Result<()> {
    let programs: PathBuf = tokio::task::spawn_blocking(local_postgres::locate).await??;
    let found = programs.join(name);
    ensure!(found.exists(), "there is no {name} in {}: install PostgreSQL's client programs", programs.display());
    let (open, password) = provision::without_password(url)?;
    let mut command = Command::new(&found);
    let done = command.env("PGPASSWORD", password).arg("--dbname").arg(open).args(arguments).output().await?;
    ensure!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr).trim());
    Ok(())
}

/// What is wrong, service by service.
///
/// # Errors
/// A configuration that is not complete.
pub async fn doctor(variables: &Variables, urls: &HashMap<&'static str, String>) -> anyhow::Result<(String, bool)> {
    let hub = Hub::new(variables, urls)?;
    let (mut text, mut is_well) = (String::new(), true);
    let mut add = |service: &str, findings: &[Finding]| {
        let (lines, well) = told(service, findings);
        text.push_str(&lines);
        is_well &= well;
    };
    add("catalog", &examine(&hub.catalog).await);
    add("partners", &examine(&hub.partners).await);
    add("crm", &examine(&hub.crm).await);
    add("stock", &examine(&hub.stock).await);
    add("sync", &examine(&hub.sync).await);
    Ok((text, is_well))
}

/// Everything secret that the manifests refer to, made anew, for `kubectl apply -f -`. To be run once and kept safe: with other
/// keys, loan files and platforms' secrets can't be read.
///
/// # Errors
/// No randomness.
pub fn kubernetes(new_key: impl Fn() -> String) -> anyhow::Result<String> {
    let (private, public) = service::identity::make_ring(PROCESSES)?;
    let mut text = String::from("# Made once. Whoever has this can read every loan file.\n");
    let mut object = |kind: &str, name: &str, entries: &[(&str, &str)]| {
        let field = if kind == "Secret" { "stringData" } else { "data" };
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n  labels:\n    app.kubernetes.io/part-of: echange\n{field}:\n"
        );
        for (key, value) in entries {
            let _ = writeln!(text, "  {key}: \"{value}\"");
        }
    };
    for process in PROCESSES {
        let key = private.get(*process).context("a process without a key")?;
        object("Secret", &format!("{process}-identity"), &[("IDENTITY_KEY", key)]);
    }
    object("ConfigMap", "identity-public-keys", &[("IDENTITY_PUBLIC_KEYS", &public.join(","))]);
    object("Secret", "loan-file-keys", &[("LOAN_FILE_KEYS", &format!("k1:{}", new_key()))]);
    object("Secret", "platform-keys", &[("PLATFORM_KEYS", &format!("k1:{}", new_key()))]);
    let password: String = new_key().chars().filter(char::is_ascii_alphanumeric).take(24).collect();
    object("Secret", "first-administrator", &[("ADMIN_LOGIN", "admin"), ("ADMIN_PASSWORD", &password)]);
    Ok(text)
}
