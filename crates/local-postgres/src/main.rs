//! `local-postgres exec -- COMMAND…` runs a command with a private throwaway PostgreSQL, told in `TEST_DATABASE_URL`
//! (superuser, database `postgres`) and `PG_BIN`; where `TEST_DATABASE_URL` is set already that one is used.
//! `local-postgres programs` prints the folder of the programs, fetched where there are none.
//!
//! Ctrl-C reaches the command by itself; it also ends this process, and the guardian then stops Postgres and the folder
//! is removed.

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use local_postgres::{Cluster, locate};

fn main() -> Result<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    let verb = arguments.next().unwrap_or_default();
    match verb.to_str() {
        Some("programs") => {
            writeln!(std::io::stdout(), "{}", locate()?.display())?;
            Ok(ExitCode::SUCCESS)
        }
        Some("exec") => execute(arguments.skip_while(|argument| argument == "--")),
        _ => bail!("usage: local-postgres exec -- COMMAND… | local-postgres programs"),
    }
}

fn execute(mut arguments: impl Iterator<Item = OsString>) -> Result<ExitCode> {
    let program = arguments.next().context("usage: local-postgres exec -- COMMAND…")?;
    let mut command = Command::new(&program);
    command.args(arguments);
    if env::var_os("TEST_DATABASE_URL").is_some_and(|url| !url.is_empty()) {
        return run(&mut command);
    }
    let cluster = Cluster::temporary()?;
    command.env("TEST_DATABASE_URL", cluster.url("postgres")).env("PG_BIN", cluster.programs());
    let ended = run(&mut command);
    cluster.stop()?;
    ended
}

/// The command's own status, or as a shell tells it 128 and the signal that killed it.
fn run(command: &mut Command) -> Result<ExitCode> {
    let status = command.status().with_context(|| format!("cannot run {}", command.get_program().to_string_lossy()))?;
    let code = status.code().or_else(|| Some(128 + status.signal()?)).and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
