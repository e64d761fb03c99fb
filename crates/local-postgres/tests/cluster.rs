//! A whole cluster, started and ended in each way.

#![expect(clippy::unwrap_used, reason = "a test may panic, in a helper too")]

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{env, fs};

use local_postgres::{Cluster, Durability};

fn fresh_folder(name: &str) -> PathBuf {
    let folder = env::temp_dir().join(format!("echange-{name}-{}", process::id()));
    fs::create_dir(&folder).unwrap();
    folder
}

fn accepts(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// What `sql` gives, or nothing where there is no psql to ask with.
fn ask(cluster: &Cluster, sql: &str) -> Option<String> {
    let psql = cluster.programs().join("psql");
    let asked = psql.exists().then(|| Command::new(psql).args(["-XAtqc", sql]).arg(cluster.url("postgres")).output().unwrap())?;
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    Some(String::from_utf8_lossy(&asked.stdout).trim().to_owned())
}

fn soon(what: impl Fn() -> bool) -> bool {
    let (_open, never) = mpsc::channel::<()>();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !what() {
        if Instant::now() > deadline {
            return false;
        }
        never.recv_timeout(Duration::from_millis(20)).ok();
    }
    true
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn it_answers_stops_and_is_found_again() {
    let folder = fresh_folder("cluster");
    let cluster = Cluster::start(&folder, Durability::Throwaway).unwrap();
    assert!(accepts(cluster.port()));
    assert_ne!(ask(&cluster, "create table kept as select 1 as a; select a from kept"), Some(String::new()));
    let (port, password) = (cluster.port(), cluster.url("postgres"));
    cluster.stop().unwrap();
    assert!(!accepts(port));

    let again = Cluster::start(&folder, Durability::Durable).unwrap();
    assert_eq!(again.url("postgres").split('@').next(), password.split('@').next());
    assert!(matches!(ask(&again, "select a, current_setting('fsync') from kept").as_deref(), None | Some("1|on")));
    let port = again.port();
    drop(again);
    assert!(!accepts(port));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_killed_runner_leaves_nothing_behind() {
    let folder = fresh_folder("killed");
    let mut command = Command::new(env!("CARGO_BIN_EXE_local-postgres"));
    // `cat` ends with this test, `sleep` would not
    command.args(["exec", "--", "sh", "-c", "echo $TEST_DATABASE_URL; exec cat"]).env_remove("TEST_DATABASE_URL").env("TMPDIR", &folder);
    let mut runner = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(runner.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let port = url.rsplit_once(':').unwrap().1.split('/').next().unwrap().parse().unwrap();
    assert!(accepts(port) && !is_empty(&folder));
    let stdin = runner.stdin.take();

    runner.kill().unwrap();
    runner.wait().unwrap();
    assert!(soon(|| !accepts(port)), "Postgres still listens on {port}");
    assert!(soon(|| is_empty(&folder)), "{} is not empty", folder.display());
    drop(stdin);
    fs::remove_dir(folder).unwrap();
}

#[test]
fn the_runner_ends_as_its_command_does() {
    let status = |script: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local-postgres"));
        command.args(["exec", "--", "sh", "-c", script]).env("TEST_DATABASE_URL", "given").status().unwrap().code()
    };
    assert_eq!(status("test $TEST_DATABASE_URL = given"), Some(0));
    assert_eq!(status("exit 7"), Some(7));
    assert_eq!(status("kill -9 $$"), Some(137));
}

/// Where a program of the system is.
fn which(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap();
    env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.exists()).unwrap()
}

#[test]
fn of_the_system_a_cluster_runs_what_is_named_and_nothing_else_and_what_is_missing_is_told_at_once() {
    let folder = fresh_folder("bare");
    let bin = folder.join("bin");
    fs::create_dir(&bin).unwrap();
    let needed = ["sh", "setsid", "test", "cat", "rm"];
    for program in needed {
        std::os::unix::fs::symlink(which(program), bin.join(program)).unwrap();
    }
    let exec = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local-postgres"));
        command.args(["exec", "--"]).arg(which("true")).env_remove("TEST_DATABASE_URL").env("TMPDIR", &folder);
        command.env("PATH", &bin).env("PG_BIN", local_postgres::locate().unwrap()).output().unwrap()
    };
    let whole = exec();
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    for program in needed {
        fs::remove_file(bin.join(program)).unwrap();
        let lacking = exec();
        let said = String::from_utf8_lossy(&lacking.stderr).into_owned();
        assert!(!lacking.status.success() && said.contains(&format!("no {program} (")), "{program}: {said}");
        std::os::unix::fs::symlink(which(program), bin.join(program)).unwrap();
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing was begun");
    fs::remove_dir_all(folder).unwrap();
}
