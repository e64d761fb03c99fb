//! The private PostgreSQL of `make run` and `make test`: found or fetched, run by the project itself, as root too.
//!
//! Nothing is left behind however its owner ends, `kill -9` included: Postgres runs in a session of its own under a
//! guardian, a shell that stops it as soon as the pipe held by the owner closes. For Linux; `programs.rs` names what it needs there.

mod programs;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{PipeWriter, Read, Seek, SeekFrom, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use anyhow::{Context, Result, bail, ensure};

use programs::{Account, SETSID, SH, last_lines, look_for_system, run};
pub use programs::{find, locate};

const START_BOUND: Duration = Duration::from_secs(60);
const STOP_BOUND: Duration = Duration::from_secs(60);
/// Some hundred tests leave as many databases, of a thousand files each: removing them takes a slow disk minutes.
const REMOVE_BOUND: Duration = Duration::from_secs(600);
/// How long the Postgres of an owner that has just died may take to leave.
const LEAVE_BOUND: Duration = Duration::from_secs(10);
const READY_POLL: Duration = Duration::from_millis(20);
const PORT_TRIES: u32 = 5;
const LOG_LIMIT: u64 = 10 * 1024 * 1024;

/// Runs its arguments as a command until that ends or standard input closes, whichever is first. The handler, unlike an
/// ignored signal, is not inherited by the command; the watcher takes its input from 3, since `&` gives it /dev/null.
/// INT is Postgres's fast shutdown; TERM ends one so young that it still ignores INT, as `&` has it do.
const GUARDIAN: &str = r#"
trap : INT TERM HUP
exec 3<&0
"$@" </dev/null 3<&- & postgres=$!
( trap '' INT TERM HUP; while read -r _; do :; done <&3; kill -TERM "$postgres"; kill -INT "$postgres" ) & watcher=$!
while kill -0 "$postgres" 2>/dev/null; do wait "$postgres"; done
kill -9 "$watcher" 2>/dev/null
"#;

/// Removes its arguments once every writer of its standard input is gone: the owner, initdb, the guardian and Postgres.
const JANITOR: &str = r#"trap '' INT TERM HUP; cat >/dev/null; exec rm -rf "$@""#;

/// What a crash of the machine may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was committed.
    Durable,
    /// Everything: `fsync`, `synchronous_commit` and `full_page_writes` are off, for tests only.
    Throwaway,
}

/// A running PostgreSQL, which ends with this value or with the process that holds it.
#[derive(Debug)]
pub struct Cluster {
    port: u16,
    password: String,
    programs: PathBuf,
    /// Closing it makes the guardian stop Postgres; taken once stopped.
    lifeline: Option<ChildStdin>,
    guardian: Receiver<()>,
    janitor: Option<Janitor>,
}

#[derive(Debug)]
struct Janitor {
    pipe: PipeWriter,
    ended: Receiver<()>,
}

impl Cluster {
    /// Starts the cluster of `data_dir`, made first where the folder has none, on a free port of 127.0.0.1, and returns
    /// when it accepts connections.
    ///
    /// # Errors
    /// No programs and no way to fetch them, a folder that cannot be used or is used by another process, or a Postgres
    /// that is not ready within 60 seconds; the message has the last lines of its log.
    pub fn start(data_dir: &Path, durability: Durability) -> Result<Self> {
        look_for_system()?;
        fs::create_dir_all(data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
        Self::launch(&fs::canonicalize(data_dir)?, durability, false)
    }

    /// Starts the cluster that a folder has. None is made, and nothing is fetched: for who only looks.
    ///
    /// # Errors
    /// As [`Cluster::start`]; and a folder that has no cluster.
    pub fn existing(data_dir: &Path) -> Result<Self> {
        look_for_system()?;
        let there = fs::canonicalize(data_dir).ok().filter(|folder| home(folder).is_ok_and(|home| home.join("PG_VERSION").exists()));
        let there = there.with_context(|| format!("there is no PostgreSQL of a hub in {}", data_dir.display()))?;
        find(&["initdb", "postgres"])?;
        Self::launch(&there, Durability::Durable, false)
    }

    /// The superuser's address of a database of the folder's cluster, where another process runs it.
    pub fn running(data_dir: &Path, database: &str) -> Option<String> {
        let home = home(&fs::canonicalize(data_dir).ok()?).ok()?;
        let file = fs::read_to_string(home.join("postmaster.pid")).ok()?;
        let (pid, port) = (file.lines().next()?.trim().parse::<u32>().ok()?, file.lines().nth(3)?.trim().to_owned());
        // A crash of the machine leaves the file
        if !Path::new(&format!("/proc/{pid}")).exists() || !is_ready(&home, port.parse().ok()?) {
            return None;
        }
        let password = fs::read_to_string(data_dir.join("password")).ok()?;
        Some(format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}"))
    }

    /// Starts a throwaway cluster in a fresh folder of the system's temporary one, removed when the cluster has ended,
    /// even where this process is killed.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn temporary() -> Result<Self> {
        look_for_system()?;
        let folder = env::temp_dir().join(format!("echange-test-{}-{}", process::id(), random_hex::<4>()?));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Self::launch(&fs::canonicalize(folder)?, Durability::Throwaway, true)
    }

    /// Starts a streaming replica of it, in a folder that has no cluster yet; one that its folder starts again stays a replica until it
    /// is promoted.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn standby(&self, data_dir: &Path) -> Result<Self> {
        fs::create_dir_all(data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
        let data_dir = fs::canonicalize(data_dir)?;
        let (home, account) = (home(&data_dir)?, Account::unprivileged()?);
        ensure!(!home.exists(), "{} has a cluster already", data_dir.display());
        DirBuilder::new().mode(0o700).create(&home)?;
        account.own(&home)?;
        let mut copy = account.command(self.programs.join("pg_basebackup"));
        copy.env("PGPASSWORD", &self.password).args(["-h", "127.0.0.1", "-U", "postgres", "-p", &self.port.to_string()]);
        run(copy.args(["--write-recovery-conf", "--checkpoint=fast", "-D"]).arg(&home))?;
        write_private(&data_dir.join("password"), &self.password)?;
        if !home.starts_with(&data_dir) {
            fs::write(data_dir.join("postgres.path"), home.as_os_str().as_encoded_bytes())?;
        }
        Self::launch(&data_dir, Durability::Durable, false)
    }

    /// The address of a database for the superuser `postgres`; `database` goes in as it is.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The port of 127.0.0.1 that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its programs, where `psql`, `pgbench` and `pg_dump` may be too.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// Stops it by a fast shutdown and waits until it is gone.
    ///
    /// # Errors
    /// It is not gone within 60 seconds; its guardian goes on waiting for it.
    pub fn stop(mut self) -> Result<()> {
        self.shut()
    }

    fn shut(&mut self) -> Result<()> {
        if self.lifeline.take().is_some() {
            ensure!(ended_within(&self.guardian, STOP_BOUND), "PostgreSQL is still stopping after {STOP_BOUND:?}");
        }
        if let Some(Janitor { pipe, ended }) = self.janitor.take() {
            drop(pipe);
            ensure!(ended_within(&ended, REMOVE_BOUND), "the temporary cluster's folder is still there after {REMOVE_BOUND:?}");
        }
        Ok(())
    }

    fn launch(data_dir: &Path, durability: Durability, temporary: bool) -> Result<Self> {
        let home = home(data_dir)?;
        let janitor = if temporary { Some(janitor(&[data_dir, &home, &staging(&home)])?) } else { None };
        let stdout = || Ok::<_, anyhow::Error>(janitor.as_ref().map_or(Ok(Stdio::null()), |j| j.pipe.try_clone().map(Stdio::from))?);

        let programs = locate()?;
        let log_file = data_dir.join("postgres.log");
        let log = locked_log(&log_file)?;
        if !home.exists() {
            create(data_dir, &home, &programs, durability, stdout()?)
                .with_context(|| format!("cannot make a cluster in {}", home.display()))?;
        }
        let password = fs::read_to_string(data_dir.join("password")).context("the cluster is there, but not its password")?;

        for _ in 0..PORT_TRIES {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
            let before = log.metadata()?.len();
            let mut guardian = guardian(&programs, &home, port, durability)?;
            let mut guardian = guardian.stdout(stdout()?).stderr(log.try_clone()?).spawn().context("cannot run setsid")?;
            let lifeline = guardian.stdin.take();
            let guardian = watch(guardian);
            if ready_within(&home, port, &guardian, START_BOUND) {
                return Ok(Self { port, password, programs, lifeline, guardian, janitor });
            }
            drop(lifeline);
            ended_within(&guardian, STOP_BOUND);
            let said = read_from(&log_file, before)?;
            if !said.contains("Address already in use") {
                bail!("PostgreSQL did not start on {}; {} ends with:\n{}", home.display(), log_file.display(), last_lines(&said));
            }
        }
        bail!("PostgreSQL did not start: each of the {PORT_TRIES} free ports it was given was taken before it could listen")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Nobody is left to tell; whoever wants to know calls `stop`
        self.shut().ok();
    }
}

/// Where the cluster of a folder is: in it, or for root, where the user that runs it cannot get there, under /var/lib.
fn home(data_dir: &Path) -> Result<PathBuf> {
    let (inside, note) = (data_dir.join("postgres"), data_dir.join("postgres.path"));
    if inside.exists() {
        return Ok(inside);
    }
    if let Ok(path) = fs::read_to_string(&note) {
        let outside = PathBuf::from(path);
        ensure!(
            outside.exists(),
            "the cluster of {} is gone from {}; remove {} to begin anew",
            data_dir.display(),
            outside.display(),
            note.display()
        );
        return Ok(outside);
    }
    if Account::unprivileged()?.can_execute(data_dir) {
        return Ok(inside);
    }
    let mut hasher = DefaultHasher::new();
    data_dir.hash(&mut hasher);
    Ok(PathBuf::from(format!("/var/lib/echange-{:016x}", hasher.finish())))
}

fn staging(home: &Path) -> PathBuf {
    home.with_added_extension("new")
}

/// Makes the cluster beside its place and moves it there when whole, so that an interrupted start leaves no half of one.
fn create(data_dir: &Path, home: &Path, programs: &Path, durability: Durability, stdout: Stdio) -> Result<()> {
    let account = Account::unprivileged()?;
    let staging = staging(home);
    let (data, secret) = (staging.join("data"), staging.join("password"));
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    DirBuilder::new().mode(0o700).create(&staging)?;
    let password = random_hex::<24>()?;
    write_private(&secret, &password)?;
    account.own(&secret)?;
    account.own(&staging)?;

    let mut initdb = account.command(programs.join("initdb"));
    initdb.args(["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--pwfile"]).arg(&secret).arg("-D").arg(&data);
    if durability == Durability::Throwaway {
        initdb.arg("--no-sync");
    }
    run(initdb.stdout(stdout))?;

    write_private(&data_dir.join("password"), &password)?;
    fs::rename(&data, home)?;
    fs::remove_dir_all(&staging)?;
    if !home.starts_with(data_dir) {
        fs::write(data_dir.join("postgres.path"), home.as_os_str().as_encoded_bytes())?;
    }
    Ok(())
}

fn random_hex<const BYTES: usize>() -> Result<String> {
    let mut bytes = [0_u8; BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    Ok(OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(text.as_bytes())?)
}

/// The log, locked. Postgres inherits the lock with the file, so it lasts until its last process is gone, and its owner's
/// death does not let a second one in.
fn locked_log(path: &Path) -> Result<File> {
    let log =
        OpenOptions::new().append(true).create(true).mode(0o600).open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let (sender, locked) = mpsc::channel();
    thread::spawn(move || sender.send(log.lock().map(|()| log)));
    let Ok(log) = locked.recv_timeout(LEAVE_BOUND) else {
        bail!("another process already runs the cluster of this folder: it holds {}", path.display());
    };
    let log = log?;
    if log.metadata()?.len() > LOG_LIMIT {
        log.set_len(0)?;
    }
    Ok(log)
}

fn read_from(path: &Path, start: u64) -> Result<String> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn guardian(programs: &Path, home: &Path, port: u16, durability: Durability) -> Result<Command> {
    let mut command = Account::owner_of(home)?.command(SETSID.0);
    command.args([SH.0, "-c", GUARDIAN, "guardian"]).arg(programs.join("postgres")).arg("-D").arg(home).arg("-p").arg(port.to_string());
    let common = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=128MB"];
    // Terse: what an error tells in detail are rows, with names and e-mails
    let quiet = ["timezone=UTC", "log_timezone=UTC", "logging_collector=off", "log_error_verbosity=terse"];
    let fitting: &[&str] = match durability {
        Durability::Durable => &["max_connections=200"],
        // As many tests as there are cores run at once, each with a hub or two of some fifty connections
        Durability::Throwaway => &["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=1000"],
    };
    for setting in common.iter().chain(&quiet).chain(fitting) {
        command.args(["-c", setting]);
    }
    command.stdin(Stdio::piped());
    Ok(command)
}

fn janitor(paths: &[&Path]) -> Result<Janitor> {
    let (reader, pipe) = std::io::pipe()?;
    let mut command = Command::new(SETSID.0);
    command.args([SH.0, "-c", JANITOR, "janitor"]).args(paths).current_dir("/");
    let child = command.stdin(reader).stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("cannot run setsid")?;
    Ok(Janitor { pipe, ended: watch(child) })
}

/// Waits for a child in a thread, so that others may wait for it with a bound.
fn watch(mut child: Child) -> Receiver<()> {
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || {
        child.wait().ok();
        sender.send(())
    });
    ended
}

fn ended_within(ended: &Receiver<()>, bound: Duration) -> bool {
    ended.recv_timeout(bound) != Err(RecvTimeoutError::Timeout)
}

/// False when the bound has passed, or the guardian has ended because Postgres has.
fn ready_within(home: &Path, port: u16, guardian: &Receiver<()>, bound: Duration) -> bool {
    let deadline = Instant::now() + bound;
    while !is_ready(home, port) {
        if ended_within(guardian, READY_POLL) || Instant::now() > deadline {
            return false;
        }
    }
    true
}

/// The port tells this start's file from the one that a crash of the machine has left.
fn is_ready(home: &Path, port: u16) -> bool {
    let Ok(file) = fs::read_to_string(home.join("postmaster.pid")) else { return false };
    let mut lines = file.lines();
    lines.nth(3).is_some_and(|line| line.trim() == port.to_string()) && lines.last().is_some_and(|line| line.starts_with("ready"))
}
