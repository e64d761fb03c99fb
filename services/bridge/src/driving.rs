//! `bridge rehearse`, `import`, `verify`, `follow` and `cutover`: a hub is asked to do it, and looked at until it has. The run is the hub's: it goes on without
//! whoever looks on, and the same command looks on again.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use bridge_contract::{CutOver, Moved, Stage, Verified};
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use service::address::Reach;

use crate::client::{Account, Odoo, id_of, text_of};

/// The options of these commands.
pub const NAMES: [&str; 6] = ["--hub", "--user", "--db", "--odoo", "--mapping", "--key-file"];
/// How often it is looked how far it is.
const LOOK: Duration = Duration::from_secs(1);
/// The fields of a run that are looked at.
const SEEN: [&str; 9] = ["report", "state", "about", "progress", "seconds", "error", "estimated_end", "done", "total"];

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    hub: String,
    user: String,
    db: String,
    odoo: String,
    mapping: Option<PathBuf>,
    /// The file with the user's key.
    pub key_file: Option<PathBuf>,
}

impl Options {
    /// From what was given, by name.
    ///
    /// # Errors
    /// What is missing.
    pub fn of(given: &HashMap<&str, String>) -> anyhow::Result<Options> {
        let or = |name: &str, default: &str| given.get(name).cloned().unwrap_or_else(|| default.to_owned());
        Ok(Options {
            hub: or("--hub", "http://127.0.0.1:8069").trim_end_matches('/').to_owned(),
            user: or("--user", "admin"),
            db: or("--db", "echange"),
            odoo: given.get("--odoo").cloned().context("--odoo is missing: the name of the ek.odoo in the hub")?,
            mapping: given.get("--mapping").map(PathBuf::from),
            key_file: given.get("--key-file").map(PathBuf::from),
        })
    }

    /// Whose key is asked for.
    pub fn prompt(&self) -> String {
        format!("Key or password of {} in the hub: ", self.user)
    }
}

/// Has a hub do a run of a kind, and looks on until it has ended; answers what is to be told.
///
/// # Errors
/// A hub that does not answer, an Odoo that it does not know, a run that fails.
pub async fn drive(kind: &str, options: &Options, secret: SecretString) -> anyhow::Result<String> {
    let account = Account {
        base_url: options.hub.clone(),
        db: options.db.clone(),
        login: options.user.clone(),
        secret,
        per_second: 10,
        patience: Duration::from_millis(500),
    };
    // Whoever types the address means it: it is the own hub's
    let hub = Odoo::connect(&Reach::public_or(true), account).await.context("the hub")?;
    let odoo = known(&hub, &options.odoo).await?;
    if let Some(path) = &options.mapping {
        let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
        hub.call("ek.odoo", "write", &[("ids", json!([odoo])), ("vals", json!({"mapping": text}))], &[]).await?;
    }
    let run = begun(&hub, odoo, kind).await?;
    let bar = ProgressBar::new(1);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.println(format!("The hub is at it (ek.odoo.run {run}), and goes on without this: the same command looks on again."));
    loop {
        let seen = row(&hub, "ek.odoo.run", &[json!(["id", "=", run])], &SEEN).await?.context("the run is gone")?;
        let moved = moved(&seen);
        let (read, total): (u64, u64) = moved.iter().fold((0, 0), |(read, total), one| (read + one.read, total + one.total));
        bar.set_length(total.max(1));
        bar.set_position(read.min(total));
        bar.set_message(format!("{} {}", text_of(seen.get("about")).unwrap_or_default(), left(&seen)));
        match text_of(seen.get("state")).unwrap_or_default() {
            "waiting" | "running" => tokio::time::sleep(LOOK).await,
            state => {
                bar.finish_and_clear();
                let told = told(&moved, seen.get("seconds").and_then(Json::as_i64).filter(|seconds| *seconds > 0))?;
                anyhow::ensure!(
                    state == "done",
                    "{told}it is {state}: {}",
                    text_of(seen.get("error")).unwrap_or("the same command lets it go on, unless it was called off")
                );
                return match kind {
                    "verification" => verified(&seen),
                    "cutover" => cut_over(&seen),
                    _ => Ok(told),
                };
            }
        }
    }
}

async fn row(hub: &Odoo, model: &str, domain: &[Json], fields: &[&str]) -> anyhow::Result<Option<Json>> {
    let named = [("fields", json!(fields)), ("order", json!("id desc")), ("limit", json!(1))];
    let rows = hub.call(model, "search_read", &[("domain", json!(domain))], &named).await?;
    Ok(rows.get(0).cloned())
}

/// The record of an Odoo, by its name.
async fn known(hub: &Odoo, name: &str) -> anyhow::Result<i64> {
    let found = row(hub, "ek.odoo", &[json!(["name", "=", name])], &["name"]).await?;
    found
        .and_then(|row| id_of(row.get("id")))
        .with_context(|| format!("the hub knows no Odoo '{name}': make an ek.odoo of that name first"))
}

/// The run that is open, which goes on if it rests or has failed, or a new one.
async fn begun(hub: &Odoo, odoo: i64, kind: &str) -> anyhow::Result<i64> {
    let domain = [json!(["odoo_id", "=", odoo]), json!(["kind", "=", kind]), json!(["of_marked", "=", false])];
    if let Some(last) = row(hub, "ek.odoo.run", &domain, &["state"]).await?
        && let Some(id) = id_of(last.get("id"))
    {
        match text_of(last.get("state")).unwrap_or_default() {
            "waiting" | "running" => return Ok(id),
            "paused" | "failed" => {
                hub.call("ek.odoo.run", "action_resume", &[("ids", json!([id]))], &[]).await?;
                return Ok(id);
            }
            _ => {}
        }
    }
    let made = hub.call("ek.odoo.run", "create", &[("vals_list", json!({"odoo_id": odoo, "kind": kind}))], &[]).await?;
    made.as_i64().or_else(|| made.get(0)?.as_i64()).context("the hub does not tell the run's id")
}

/// What a verification found: an equation a line. One that does not pass fails.
fn verified(run: &Json) -> anyhow::Result<String> {
    let found: Verified = serde_json::from_str(text_of(run.get("report")).unwrap_or_default()).context("the report can't be read")?;
    let told = equations(&found)?;
    anyhow::ensure!(found.passed, "{told}It does not pass: {} records differ.", found.differing);
    Ok(format!("{told}It passes. To sign: /report/pdf/bridge.report_verification/ID of the run.\n"))
}

fn equations(found: &Verified) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "{:<28}{:>10} ={:>10} +{:>10} +{:>9}{:>10}", "Records", "there", "taken", "put aside", "left out", "here")?;
    for line in found.lines.iter().filter(|line| line.there.many > 0) {
        let holds = if line.holds() { "" } else { "  DOES NOT HOLD" };
        let numbers = [line.there, line.taken, line.put_aside, line.left_out, line.here].map(|side| side.many);
        let [there, taken, aside, left, here] = numbers;
        writeln!(out, "  {:<26}{there:>10} ={taken:>10} +{aside:>10} +{left:>9}{here:>10}{holds}", line.reader)?;
        if let Some(of) = &line.sum_of {
            let [there, taken, aside, left, here] =
                [line.there, line.taken, line.put_aside, line.left_out, line.here].map(|side| side.sum.normalize());
            writeln!(out, "      {of}: {there} = {taken} + {aside} + {left}, below zero {}; here {here}", line.below_zero.normalize())?;
        }
    }
    for one in found.differences.iter().take(20) {
        writeln!(out, "  {} {}: {}", one.reader, one.their_id, one.what)?;
    }
    Ok(out)
}

fn cut_over(run: &Json) -> anyhow::Result<String> {
    let done: CutOver = serde_json::from_str(text_of(run.get("report")).unwrap_or_default()).context("the report can't be read")?;
    Ok(format!(
        "{}The hub goes on alone. {} moves of open transfers were let go, {} of them did not get all that they want.\n",
        equations(&done.verified)?,
        done.moves,
        done.short
    ))
}

fn moved(run: &Json) -> Vec<Moved> {
    text_of(run.get("progress")).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn left(run: &Json) -> String {
    text_of(run.get("estimated_end")).map(|end| format!("until about {end} UTC")).unwrap_or_default()
}

/// What came over, a line a reader; what was put aside, by its reasons.
fn told(moved: &[Moved], seconds: Option<i64>) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "{:<28}{:>10}{:>10}{:>12}{:>10}{:>8}", "Records", "there", "taken", "put aside", "left out", "gone")?;
    for one in moved.iter().filter(|one| one.total > 0 || one.gone > 0) {
        let is_done = if one.stage == Stage::Done { "" } else { "  (not done)" };
        writeln!(
            out,
            "  {:<26}{:>10}{:>10}{:>12}{:>10}{:>8}{is_done}",
            one.reader, one.total, one.taken, one.refused, one.left_out, one.gone
        )?;
        for reason in &one.reasons {
            writeln!(out, "      {:>6} {}: {}", reason.many, reason.state.replace('_', " "), reason.kind)?;
        }
    }
    if let Some(seconds) = seconds {
        writeln!(out, "An import will take about {} minutes.", (seconds + 59) / 60)?;
    }
    writeln!(out, "Each record that was not taken is listed in the hub with its reason (ek.odoo.record).")?;
    Ok(out)
}
