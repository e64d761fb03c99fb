//! `make run`, as somebody has it on one machine: programs of ours in folders of a test's own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use hub::children::signal;
use local_postgres::Cluster;
use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::{Stand, programs};

/// A folder of the test's own, gone with it.
pub struct Folder(PathBuf);

impl Folder {
    /// A new one.
    #[expect(clippy::new_without_default, reason = "it makes something")]
    pub fn new() -> Folder {
        let folder = std::env::temp_dir().join(format!("echange-operate-{:016x}", rand::random::<u64>()));
        std::fs::create_dir(&folder).unwrap();
        Folder(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The names of everything in it, however deep.
    pub fn names(&self) -> BTreeSet<PathBuf> {
        let (mut names, mut open) = (BTreeSet::new(), vec![self.0.clone()]);
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    open.push(entry.path());
                }
                names.insert(entry.path().strip_prefix(&self.0).unwrap().to_owned());
            }
        }
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let home = std::fs::read_to_string(self.0.join("data/postgres.path"));
        if let Ok(home) = home {
            let _ = std::fs::remove_dir_all(home);
        }
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A program of ours that reads no variables but these, and what finds a PostgreSQL.
pub fn program(name: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(programs().join(name));
    // What finds a PostgreSQL is the environment's
    command.args(arguments).env_clear().envs(["PATH", "HOME", "XDG_CACHE_HOME", "TMPDIR"].into_iter().filter_map(inherited));
    command.envs(settings.iter().copied()).stdin(Stdio::null()).kill_on_drop(true);
    command
}

#[expect(clippy::disallowed_methods, reason = "what a shell would pass on")]
fn inherited(name: &'static str) -> Option<(&'static str, String)> {
    Some((name, std::env::var(name).ok()?))
}

/// What a program printed.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// `make run`, as somebody has it on one machine: the hub with a PostgreSQL of its own.
pub struct Machine {
    data: String,
    hub: Child,
    /// Its doors.
    pub stand: Stand,
}

impl Machine {
    /// With its data in a folder below this one.
    pub async fn start(folder: &Folder) -> Machine {
        let data = folder.0.join("data").display().to_string();
        let mut hub = program("hub", &[], &[("DATA_DIR", &data), ("PORT", "0"), ("WORKERS", "1"), ("LOG", "error")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(hub.stdout.take().unwrap()).lines();
        let mut address = None;
        while address.is_none() {
            let line = lines.next_line().await.unwrap().expect("the hub did not come up");
            address = line.strip_prefix("The hub is at ").and_then(|rest| rest.split(' ').next().map(str::to_owned));
        }
        // Whatever else it prints is read, and the pipe stays open
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let url = Cluster::running(Path::new(&data), "echange").expect("its PostgreSQL runs");
        let stand = Stand::elsewhere(&address.unwrap(), &url);
        Machine { data, hub, stand }
    }

    /// A command of the hub beside it.
    pub async fn command(&self, arguments: &[&str]) -> Output {
        program("hub", arguments, &[("DATA_DIR", &self.data), ("LOG", "error")]).output().await.unwrap()
    }

    /// Stops it as Ctrl-C does.
    pub async fn stop(mut self) {
        signal(self.hub.id().unwrap(), Signal::TERM).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(60), self.hub.wait()).await.expect("it does not stop").unwrap();
        assert!(ended.success(), "{ended}");
    }
}
