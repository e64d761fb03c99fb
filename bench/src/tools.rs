//! The two programs that make load, and what they say of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};
use tokio::process::Command;

use crate::cases::{Case, Request};
use crate::stand::Server;

/// Where the numbers of requests that must differ begin, and how many a run has. `pgbench` takes those from 5,000,000,000.
const NUMBERS: (u64, u64) = (1_000_000_001, 10_000_000);
/// One transaction in so many is timed in `pgbench`'s log: writing it costs time too.
const SAMPLES: &str = "0.1";

/// How a program makes load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Connections, each with one request at a time.
    pub connections: u32,
    /// For how long.
    pub time: Duration,
    /// How long each connection rests after an answer, in milliseconds.
    pub pause: Option<f64>,
}

impl Load {
    fn seconds(&self) -> String {
        self.time.as_secs().to_string()
    }
}

/// What came of it; times are milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// How many requests or transactions.
    pub requests: f64,
    /// How many a second.
    pub rate: f64,
    /// Half of them took no longer.
    pub p50: f64,
    /// One in a hundred took longer.
    pub p99: f64,
}

async fn said(command: &mut Command, what: &str) -> anyhow::Result<String> {
    let output: Output =
        command.stdin(Stdio::null()).kill_on_drop(true).output().await.with_context(|| format!("{what} can't be started"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{what} ended with {}: {text}{}", output.status, String::from_utf8_lossy(&output.stderr));
    Ok(text)
}

/// The load generator for HTTP.
pub(crate) struct Wrk {
    folder: PathBuf,
    runs: AtomicU64,
}

impl Wrk {
    /// It is looked for on the path; root gets it installed where there is `apt-get`.
    pub(crate) async fn find(folder: &Path) -> anyhow::Result<Wrk> {
        // It tells its version, and that it was told to do nothing
        let there = || async { Command::new("wrk").arg("--version").stdin(Stdio::null()).output().await.is_ok() };
        if !there().await {
            println!("Installing wrk…");
            let mut install = Command::new("apt-get");
            install.env("DEBIAN_FRONTEND", "noninteractive").args(["install", "-y", "wrk"]);
            if let Err(error) = said(&mut install, "apt-get install wrk").await {
                bail!("wrk is not installed (Debian, Ubuntu: apt-get install wrk; else https://github.com/wg/wrk): {error:#}");
            }
        }
        Ok(Wrk { folder: folder.to_owned(), runs: AtomicU64::new(0) })
    }

    /// Sends a request in the server's session for as long as the load says.
    pub(crate) async fn run(&self, server: &Server, request: &Request, load: Load) -> anyhow::Result<Measured> {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let script = self.folder.join(format!("wrk-{run}.lua"));
        fs::write(&script, lua(server, request, load, run))?;
        let mut command = Command::new("wrk");
        command.args(["--threads", "1", "--timeout", "10s", "--connections", &load.connections.to_string(), "--duration", &load.seconds()]);
        let text = said(command.arg("--script").arg(&script).arg(&server.address), "wrk").await?;
        let numbers = text.lines().find_map(|line| line.strip_prefix("bench ")).with_context(|| format!("wrk said: {text}"))?;
        let numbers = numbers.split(' ').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        let [requests, microseconds, p50, p99, refused, broken] = numbers.as_slice() else { bail!("wrk said: {text}") };
        ensure!(
            *refused == 0.0 && *broken == 0.0,
            "of {requests} requests {refused} were refused, and {broken} connections broke or waited 10 s"
        );
        Ok(Measured { requests: *requests, rate: requests / microseconds * 1e6, p50: p50 / 1e3, p99: p99 / 1e3 })
    }
}

/// The script of one run. The request is put together from texts alone: the generator runs on the hub's own cores.
fn lua(server: &Server, request: &Request, load: Load, run: u64) -> String {
    let (first, many) = NUMBERS;
    let mut text = format!("{} {} HTTP/1.1\r\nHost: bench\r\nX-Openerp-Session-Id: {}\r\n", request.method, request.path, server.session);
    if request.body.is_empty() {
        text.push_str("\r\n");
    } else {
        let length = request.body_length();
        let kind = if request.body.starts_with('<') { "text/xml" } else { "application/json" };
        text.push_str(&format!("Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{}", request.body));
    }
    // For plain ASCII JSON's escapes are Lua's
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let request = request.marks.iter().fold(quoted(&text), |text, mark| text.replace(mark.name, &format!("\" .. {} .. \"", mark.lua)));
    let tokens = server.tokens.iter().map(|token| quoted(token)).collect::<Vec<_>>().join(",");
    let pause = load.pause.map_or_else(String::new, |pause| format!("function delay() return {pause} end\n"));
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    format!(
        "local n = {}\nlocal tokens = {{{tokens}}}\nmath.randomseed({seed})\n\
         function request() n = n + 1 return {request} end\n{pause}\
         function done(summary, latency)\n\
         local e = summary.errors\n\
         io.write(string.format('bench %d %d %d %d %d %d\\n', summary.requests, summary.duration, latency:percentile(50), \
         latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout))\n\
         end\n",
        first + run * many
    )
}

/// PostgreSQL's own load generator.
pub(crate) struct Pgbench {
    program: PathBuf,
    folder: PathBuf,
}

impl Pgbench {
    /// The one of these programs.
    pub(crate) fn find(programs: &Path, folder: &Path) -> anyhow::Result<Pgbench> {
        let program = programs.join("pgbench");
        ensure!(
            program.exists(),
            "there is no {}: some packages of PostgreSQL leave it out; PG_BIN names another's folder",
            program.display()
        );
        Ok(Pgbench { program, folder: folder.to_owned() })
    }

    /// Runs a case's statements as the hub's own role, with the hub's own settings.
    pub(crate) async fn run(&self, server: &Server, case: &Case, load: Load) -> anyhow::Result<Measured> {
        let (script, log) = (self.folder.join("pgbench.sql"), self.folder.join("pgbench-log"));
        fs::write(&script, &case.script)?;
        let mut command = Command::new(&self.program);
        command.args(["--no-vacuum", "--protocol", "prepared", "--define", "turn=0", "--log", "--sampling-rate", SAMPLES, "--log-prefix"]);
        command.arg(&log).args(["--client", &load.connections.to_string(), "--jobs", &load.connections.min(2).to_string()]);
        command.args(["--time", &load.seconds()]).arg("--file").arg(&script);
        command.arg(server.urls.get(case.schema).context("a service without a database")?);
        command.env("PGOPTIONS", server.session_options(case.schema).await?);
        let text = said(&mut command, "pgbench").await?;
        let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        let mut times = self.times(&log)?;
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len() * percent / 100).map_or(f64::NAN, |time| f64::from(*time) / 1e3);
        let rate: f64 = rate.with_context(|| format!("pgbench said: {text}"))?;
        Ok(Measured { requests: rate * load.time.as_secs_f64(), rate, p50: at(50), p99: at(99) })
    }

    /// The times in its logs, in microseconds; the logs are removed.
    fn times(&self, prefix: &Path) -> anyhow::Result<Vec<u32>> {
        let prefix = prefix.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut times = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                // Client, number, time
                let log = fs::read_to_string(entry.path())?;
                times.extend(log.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u32>().ok()));
                fs::remove_file(entry.path())?;
            }
        }
        Ok(times)
    }
}
