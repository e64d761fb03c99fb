//! `/web/{model}/import`: a table as records. It is tried first, each line's errors by line and column; then a job stores it.

use actix_web::{HttpResponse, web};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::declared::Model;
use crate::hub::encode;
use crate::jobs::{self, Work};
use crate::page::{Page, entry_of};
use crate::record::told;
use crate::refused::Refused;
use crate::table::Table;
use crate::visit::{Form, Visit, html, leave, read, refuse_foreign};

/// The longest form of an import, in bytes: a table of 8 MB as browsers send it.
const LONGEST: usize = 24 << 20;
/// How many lines are tried at a time, as many as are stored together.
const TRIED: usize = 1_000;
/// How many wrong lines are told.
const TOLD: usize = 100;
/// How many lines are shown as they were understood.
const SHOWN: usize = 5;
/// How many characters of a cell.
const LONGEST_CELL: usize = 60;

/// A line that is wrong.
struct Wrong {
    /// In the file, whose first names the columns.
    line: u64,
    /// What people call the column; nothing where it is none alone.
    column: String,
    told: String,
}

/// A column as it was understood.
struct Column {
    name: String,
    /// Nothing where there is no such field.
    label: String,
}

/// What was tried.
struct Tried {
    columns: Vec<Column>,
    sample: Vec<Vec<String>>,
    count: usize,
    wrong: Vec<Wrong>,
}

#[derive(Template)]
#[template(path = "import.html")]
struct Import<'v> {
    page: Page<'v>,
    model: &'v Model,
    /// What its records are called.
    label: String,
    /// What there is to fill in: name, label, whether it must be given.
    fields: Vec<(String, String, bool)>,
    csv: String,
    name: String,
    tried: Option<Tried>,
    refused: Vec<String>,
}

impl Import<'_> {
    fn may_run(&self) -> bool {
        self.tried.as_ref().is_some_and(|tried| tried.wrong.is_empty()) && self.refused.is_empty()
    }
}

/// `GET /web/{model}/import`
pub async fn page(visit: Visit, model: web::Path<String>) -> HttpResponse {
    let made = async { Ok(made(&visit, importable(&visit, &model)?, &Form::default(), None, Vec::new())) };
    visit.told(made.await)
}

fn importable<'v>(visit: &'v Visit, name: &str) -> Result<&'v Model, Refused> {
    let model = visit.model(name)?;
    if model.create || model.write { Ok(model) } else { Err(Refused::not_found()) }
}

fn made(visit: &Visit, model: &Model, form: &Form, tried: Option<Tried>, refused: Vec<String>) -> HttpResponse {
    let words = &visit.console.words;
    let many = words.model(visit.lang, model, true).into_owned();
    let fields = model.fields.iter().filter(|field| !field.readonly && !field.sealed && field.kind != "binary");
    let status = if refused.is_empty() && tried.as_ref().is_none_or(|tried| tried.wrong.is_empty()) { 200 } else { 422 };
    let page = Import {
        page: Page::new(visit, entry_of(&model.name), visit.t_with("import-title", &[("what", &many)])),
        fields: fields
            .map(|field| (field.name.clone(), words.field(visit.lang, &model.name, field).into_owned(), field.required))
            .collect(),
        label: many,
        csv: form.one("csv").to_owned(),
        name: form.one("name").to_owned(),
        model,
        tried,
        refused,
    };
    html(&visit.request, status, &page)
}

async fn form(visit: &Visit, payload: web::Payload) -> Result<Form, Refused> {
    refuse_foreign(&visit.request)?;
    let form = Form::read(&read(payload, LONGEST).await?)?;
    visit.prove(form.one("_token"))?;
    Ok(form)
}

/// `POST /web/{model}/import`: tries a table, and stores nothing.
pub async fn preview(visit: Visit, model: web::Path<String>, payload: web::Payload) -> HttpResponse {
    let answer = async {
        let model = importable(&visit, &model)?;
        let form = form(&visit, payload).await?;
        let table = match Table::read(&visit, model, form.one("csv")) {
            Ok(table) => table,
            Err(refused) => return Ok(made(&visit, model, &form, None, told(&visit, &refused))),
        };
        match tried(&visit, model, &table).await {
            Ok(tried) => Ok(made(&visit, model, &form, Some(tried), Vec::new())),
            Err(refused) if refused.is_nobody() => Err(refused),
            Err(refused) => {
                let tried = understood(&visit, model, &table, Vec::new());
                Ok(made(&visit, model, &form, Some(tried), told(&visit, &refused)))
            }
        }
    };
    visit.told(answer.await)
}

/// How a table was understood.
fn understood(visit: &Visit, model: &Model, table: &Table, wrong: Vec<Wrong>) -> Tried {
    let clipped = |cell: &String| match cell.char_indices().nth(LONGEST_CELL) {
        Some((end, _)) => format!("{}…", cell.get(..end).unwrap_or_default()),
        None => cell.clone(),
    };
    Tried {
        columns: table.fields.iter().map(|name| Column { label: column_label(visit, model, name), name: name.clone() }).collect(),
        sample: table.rows.iter().take(SHOWN).map(|row| row.iter().map(clipped).collect()).collect(),
        count: table.rows.len(),
        wrong,
    }
}

/// What people call a column; nothing where there is no such field.
fn column_label(visit: &Visit, model: &Model, column: &str) -> String {
    let name = column.split('/').next().unwrap_or_default();
    match (name, model.field(name)) {
        ("id", _) => visit.t("import-external"),
        (".id", _) => visit.t("import-number"),
        (_, Some(field)) => visit.console.words.field(visit.lang, &model.name, field).into_owned(),
        (_, None) => String::new(),
    }
}

async fn tried(visit: &Visit, model: &Model, table: &Table) -> Result<Tried, Refused> {
    let path = format!("/api/{}/import?dry_run=1", encode(&model.name));
    let mut wrong = Vec::new();
    for from in (0..table.rows.len()).step_by(TRIED) {
        let csv = table.csv(from, TRIED)?;
        let answer = visit.console.hub.upload(&visit.asker, &path, "text/csv", csv, None).await?;
        let messages = answer.pointer("/result/messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        wrong.extend(messages.iter().map(|message| wrong_line(visit, model, message, from)));
        if wrong.len() >= TOLD {
            wrong.truncate(TOLD);
            break;
        }
    }
    Ok(understood(visit, model, table, wrong))
}

fn wrong_line(visit: &Visit, model: &Model, message: &Value, from: usize) -> Wrong {
    let text = message.get("message").and_then(Value::as_str).unwrap_or_default();
    let from = u64::try_from(from).unwrap_or(u64::MAX);
    let column = message.get("field").and_then(Value::as_str).map(str::to_owned);
    // A sentence names its field where the answer does not
    let column = column.filter(|name| !name.is_empty()).or_else(|| {
        let mut names = model.fields.iter().map(|field| &field.name);
        names.find(|name| text.contains(&format!("`{name}`")) || text.contains(&format!("'{name}'"))).cloned()
    });
    Wrong {
        // From 0, and the first line of the file names the columns
        line: message.get("record").and_then(Value::as_u64).unwrap_or_default().saturating_add(from).saturating_add(2),
        column: column
            .map(|name| Some(column_label(visit, model, &name)).filter(|label| !label.is_empty()).unwrap_or(name))
            .unwrap_or_default(),
        told: text.lines().map(|line| visit.console.words.refusal(visit.lang, line.trim())).collect::<Vec<_>>().join(" "),
    }
}

/// `POST /web/{model}/import/run`: keeps the table as a job, which stores it whoever looks.
pub async fn run(visit: Visit, model: web::Path<String>, payload: web::Payload) -> HttpResponse {
    let answer = async {
        let model = importable(&visit, &model)?;
        let form = form(&visit, payload).await?;
        let table = match Table::read(&visit, model, form.one("csv")) {
            Ok(table) => table,
            Err(refused) => return Ok(made(&visit, model, &form, None, told(&visit, &refused))),
        };
        let key = form.key().filter(|key| key.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let key = key.ok_or_else(|| Refused::of(400, "The form has no key. Open the page again."))?;
        let label = visit.console.words.model(visit.lang, model, true).into_owned();
        let name = Some(form.one("name").trim()).filter(|name| !name.is_empty()).unwrap_or(&label);
        let name: String = name.chars().take(200).collect();
        let data = json!({
            "name": name, "kind": "import", "model": model.name, "state": "running", "done": 0, "total": table.rows.len(),
            "params": json!({"key": format!("import-{key}")}).to_string(), "file": BASE64.encode(form.one("csv")), "file_name": name,
        });
        match visit.create("ek.job", &data, Some(key)).await {
            Ok(id) => {
                let key = format!("import-{key}");
                let work = Work { id, model: model.name.clone(), key, table, done: 0, lang: visit.lang };
                jobs::begin(visit.console.clone().into_inner(), visit.asker.clone(), work);
                Ok(leave("/web/jobs?done=import"))
            }
            Err(refused) if refused.is_nobody() => Err(refused),
            Err(refused) => {
                let tried = understood(&visit, model, &table, Vec::new());
                Ok(made(&visit, model, &form, Some(tried), told(&visit, &refused)))
            }
        }
    };
    visit.told(answer.await)
}
