//! `/web/jobs`: imports that somebody began, how far they are, and what became of them. One runs in the session of whoever began it, piece
//! by piece; each piece has a key, so that what broke off goes on where it was and nothing happens twice.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::Console;
use crate::cells::pair;
use crate::hub::{Asker, encode};
use crate::page::Page;
use crate::progress::{Bar, of_many};
use crate::refused::Refused;
use crate::shown;
use crate::table::Table;
use crate::visit::{Visit, html, leave};
use crate::words::Lang;

const HERE: &str = "/web/jobs";
const MODEL: &str = "ek.job";
/// How many lines are sent at a time: a piece is one transaction.
const PIECE: usize = 200;
/// How often a piece is tried while the hub is away.
const TRIES: u32 = 5;
/// How long nothing is heard of a job before it counts as broken off: longer than a piece with all its tries.
const SILENT: i64 = 120;
/// How many jobs are shown: as many as one may have.
const SHOWN: u64 = 20;
/// The longest text of what went wrong, in characters, as the hub takes it.
const LONGEST_MESSAGE: usize = 2_000;

/// The jobs that run in this process.
#[derive(Default)]
pub struct Running(Mutex<HashSet<i64>>);

impl Running {
    fn with<T>(&self, does: impl FnOnce(&mut HashSet<i64>) -> T) -> T {
        does(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Takes a job off the list of those that run, however its work ends.
struct Runs {
    console: Arc<Console>,
    id: i64,
}

impl Drop for Runs {
    fn drop(&mut self) {
        self.console.running.with(|jobs| jobs.remove(&self.id));
    }
}

/// What is to be imported.
pub struct Work {
    /// The job's number.
    pub id: i64,
    /// Whose records.
    pub model: String,
    /// What the keys of its pieces begin with.
    pub key: String,
    /// The lines.
    pub table: Table,
    /// How many are stored already.
    pub done: usize,
    /// In which language it says what went wrong.
    pub lang: Lang,
}

/// Goes on with a job, where it does not run already.
pub fn begin(console: Arc<Console>, asker: Asker, work: Work) {
    if !console.running.with(|jobs| jobs.insert(work.id)) {
        return;
    }
    tokio::spawn(async move {
        let runs = Runs { console, id: work.id };
        if let Err(refused) = run(&runs.console, &asker, &work).await {
            tracing::warn!(job = work.id, %refused, "an import can't go on");
        }
    });
}

async fn note(console: &Console, asker: &Asker, id: i64, data: Value) -> Result<(), Refused> {
    let path = format!("/api/{MODEL}/{id}");
    console.hub.send(asker, reqwest::Method::PUT, &path, &json!({"data": data}), None).await.map(drop)
}

async fn run(console: &Console, asker: &Asker, work: &Work) -> Result<(), Refused> {
    let mut done = work.done - work.done % PIECE;
    note(console, asker, work.id, json!({"state": "running", "done": done, "message": false})).await?;
    while done < work.table.rows.len() {
        let lines = PIECE.min(work.table.rows.len() - done);
        match piece(console, asker, work, done, lines).await {
            Ok(()) => done += lines,
            Err(refused) => {
                let message = told(console, work.lang, &refused, done);
                return note(console, asker, work.id, json!({"state": "failed", "done": done, "message": message})).await;
            }
        }
        note(console, asker, work.id, json!({"done": done})).await?;
    }
    note(console, asker, work.id, json!({"state": "done", "done": done, "message": false})).await
}

/// One piece; again where the hub is away for a moment.
async fn piece(console: &Console, asker: &Asker, work: &Work, from: usize, lines: usize) -> Result<(), Refused> {
    let path = format!("/api/{}/import", encode(&work.model));
    let csv = work.table.csv(from, lines)?;
    let key = format!("{}-{from}", work.key);
    let mut tried = 0;
    loop {
        match console.hub.upload(asker, &path, "text/csv", csv.clone(), Some(&key)).await {
            Ok(_) => return Ok(()),
            Err(refused) if matches!(refused.status, 429 | 500..) && tried + 1 < TRIES => {
                tokio::time::sleep(Duration::from_secs(1 << tried)).await;
                tried += 1;
            }
            Err(refused) => return Err(refused),
        }
    }
}

/// What went wrong in a piece, with the lines as the file has them.
fn told(console: &Console, lang: Lang, refused: &Refused, from: usize) -> String {
    let problems = refused.problems().into_iter().filter(|problem| !is_of_the_piece(problem));
    let told = problems.map(|problem| console.words.refusal(lang, &numbered(problem, from)));
    told.collect::<Vec<_>>().join("\n").chars().take(LONGEST_MESSAGE).collect()
}

/// What the door says of a piece is not so of the whole: the job tells how many lines are stored.
fn is_of_the_piece(problem: &str) -> bool {
    problem == "Nothing is stored."
}

/// `Line 3: …` of a piece, as the line of the file, whose first names the columns.
pub fn numbered(problem: &str, from: usize) -> String {
    let line = problem.strip_prefix("Line ").and_then(|rest| rest.split_once(": "));
    match line.and_then(|(number, what)| Some((number.parse::<usize>().ok()?, what))) {
        Some((number, what)) => format!("Line {}: {what}", number + from + 1),
        None => problem.to_owned(),
    }
}

/// A job, as it is shown.
struct Job {
    id: i64,
    name: String,
    model: String,
    href: String,
    state: &'static str,
    state_text: String,
    tone: &'static str,
    bar: Bar,
    when: String,
    message: Vec<String>,
    has_file: bool,
}

impl Job {
    fn may_go_on(&self) -> bool {
        matches!(self.state, "broken" | "failed")
    }

    fn is_going(&self) -> bool {
        matches!(self.state, "running" | "waiting")
    }
}

#[derive(Template)]
#[template(path = "jobs.html")]
struct Jobs<'v> {
    page: Page<'v>,
    jobs: Vec<Job>,
    /// Whether any goes on by itself, so that the page looks again.
    is_live: bool,
    refused: Vec<String>,
}

/// `GET /web/jobs`
pub async fn list(visit: Visit) -> HttpResponse {
    visit.told(made(&visit, Vec::new()).await)
}

async fn made(visit: &Visit, refused: Vec<String>) -> Result<HttpResponse, Refused> {
    visit.model(MODEL)?;
    let query = [
        ("query", "{id, name, kind, model, state, done, total, message, file_name, create_date, write_date}".to_owned()),
        ("filter", json!([["user_id", "=", visit.who.uid]]).to_string()),
        ("page_size", SHOWN.to_string()),
        ("page", "1".to_owned()),
    ];
    let listed = visit.list(MODEL, &query).await?;
    let jobs: Vec<Job> = listed.result.iter().map(|record| job(visit, record)).collect();
    let status = if refused.is_empty() { 200 } else { 422 };
    let is_live = jobs.iter().any(Job::is_going);
    Ok(html(&visit.request, status, &Jobs { page: Page::new(visit, HERE, visit.t("menu-jobs")), jobs, is_live, refused }))
}

fn job(visit: &Visit, record: &Value) -> Job {
    let text = |name: &str| shown::text_of(record, name);
    let number = |name: &str| record.get(name).and_then(Value::as_u64).unwrap_or_default();
    let id = record.get("id").and_then(Value::as_i64).unwrap_or_default();
    let of = text("model");
    let heard = shown::read_moment(&text("write_date")).map(|at| chrono::Utc::now().naive_utc().signed_duration_since(at).num_seconds());
    let is_silent = heard.is_none_or(|seconds| seconds > SILENT) && !visit.console.running.with(|jobs| jobs.contains(&id));
    let (state, tone) = match text("state").as_str() {
        "done" => ("done", "good"),
        "failed" => ("failed", "bad"),
        _ if is_silent => ("broken", "bad"),
        "running" => ("running", "going"),
        _ => ("waiting", "going"),
    };
    let model = visit.declared.model(&of);
    Job {
        id,
        name: text("name"),
        model: model.map_or(of.clone(), |model| visit.console.words.model(visit.lang, model, true).into_owned()),
        href: if model.is_some() { format!("/web/{of}") } else { String::new() },
        state,
        state_text: visit.t(&format!("jobs-{state}")),
        tone,
        bar: of_many(visit.lang, number("done"), number("total")),
        when: shown::moment(visit.zone, &text("create_date")),
        message: text("message").lines().map(str::to_owned).collect(),
        has_file: !text("file_name").is_empty(),
    }
}

/// One's own job with its file.
async fn own(visit: &Visit, id: i64) -> Result<Value, Refused> {
    visit.model(MODEL)?;
    let job = visit.read(MODEL, id, "{id, user_id{id}, model, kind, state, done, params, file, file_name}").await?;
    let is_own = job.get("user_id").and_then(|user| pair(user).0) == Some(visit.who.uid);
    if is_own { Ok(job) } else { Err(Refused::not_found()) }
}

fn bytes(job: &Value) -> Result<Vec<u8>, Refused> {
    let file = job.get("file").and_then(Value::as_str).ok_or_else(Refused::not_found)?;
    BASE64.decode(file).map_err(|error| Refused::unread(MODEL, &error))
}

/// `GET /web/jobs/{id}/file`: what was imported, as it was sent.
pub async fn file(visit: Visit, path: web::Path<(i64, String)>) -> HttpResponse {
    let (id, what) = path.into_inner();
    let answer = async {
        if what != "file" {
            return Err(Refused::not_found());
        }
        let bytes = bytes(&own(&visit, id).await?)?;
        let mut response = HttpResponse::Ok();
        response.insert_header((CONTENT_TYPE, "text/csv; charset=utf-8")).insert_header((CACHE_CONTROL, "no-store"));
        response.insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"import-{id}.csv\"")));
        response.insert_header(("x-content-type-options", "nosniff"));
        Ok(response.body(bytes))
    };
    visit.told(answer.await)
}

/// `POST /web/jobs/{id}/go`, `…/remove`
pub async fn act(visit: Visit, path: web::Path<(i64, String)>, payload: web::Payload) -> HttpResponse {
    let (id, what) = path.into_inner();
    let answer = async {
        visit.form(payload).await?;
        match what.as_str() {
            "go" => go_on(&visit, id).await?,
            "remove" => {
                visit.call_kw(MODEL, "unlink", json!([[id]]), json!({})).await?;
                return Ok(leave(&format!("{HERE}?done=removed")));
            }
            _ => return Err(Refused::not_found()),
        }
        Ok(leave(&format!("{HERE}?done=going")))
    };
    visit.told(answer.await)
}

/// Goes on with an import where it broke off, or was refused.
async fn go_on(visit: &Visit, id: i64) -> Result<(), Refused> {
    let job = own(visit, id).await?;
    let text = |name: &str| shown::text_of(&job, name);
    if text("kind") != "import" || text("state") == "done" {
        return Err(Refused::not_found());
    }
    let params: Value = serde_json::from_str(&text("params")).unwrap_or(Value::Null);
    let key = params.get("key").and_then(Value::as_str).filter(|key| !key.is_empty()).ok_or_else(Refused::not_found)?;
    let done = job.get("done").and_then(Value::as_u64).and_then(|done| usize::try_from(done).ok()).unwrap_or_default();
    let text_of_file = String::from_utf8(bytes(&job)?).map_err(|error| Refused::unread(MODEL, &error))?;
    let model = visit.model(&text("model"))?;
    let table = Table::read(visit, model, &text_of_file)?;
    let work = Work { id, model: model.name.clone(), key: key.to_owned(), done: done.min(table.rows.len()), table, lang: visit.lang };
    begin(visit.console.clone().into_inner(), visit.asker.clone(), work);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_file() {
        assert_eq!(numbered("Line 3: `name` is required", 500), "Line 504: `name` is required");
        assert_eq!(numbered("Another user has it.", 500), "Another user has it.");
        assert_eq!(numbered("Line x: what", 1), "Line x: what");
    }
}
