//! What of a loan file stands in the open, so that files are a list of work: number, status, progress, state; and the step from one
//! state to the next. For one release the sealed text has these too, because the release before reads them there: the text is what
//! counts, and the columns are of it (`file_listed` tells of which).

use std::sync::Arc;
use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use jsonrpc::{Call, Fault};
use records::condition::denied;
use records::values::{Problems, is_unset};
use records::{Action, Argument, Failure, Field, Kind, Model, Tx, sql};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use service::Owner;
use service::owner::Answer;

use crate::Crm;
use crate::loan_file::{Keys, LISTED, may_read};

/// The longest reason of a step, in characters.
const MAX_REASON: usize = 500;
/// The longest state, in characters.
const MAX_STATE: usize = 64;
/// How many characters of a sealed text tell it from all others: its key's name and its nonce are among them.
const TELLING: usize = 64;
/// How many loan files are opened at a time.
const BATCH: i64 = 500;
/// How long after all was listed it is looked again: while a release is rolled out, the one before still writes the texts alone.
const AGAIN: Duration = Duration::from_secs(60);

/// A step of a loan file.
pub const STEP: Action = Action {
    method: "action_file_state",
    arguments: &[
        Argument::needed("state", r#"{"type": "string", "minLength": 1, "maxLength": 64}"#),
        Argument::needed("reason", r#"{"type": "string", "minLength": 1, "maxLength": 500}"#),
    ],
    on_record: true,
    about: "Takes a loan file to another state, for a reason; the bank's platform hears of it. Again the same changes nothing.",
};

/// What a lead has besides its loan file's own fields.
pub fn fields() -> [Field; 3] {
    [
        Field::new("file_state_date", Kind::Datetime, "File's last step").readonly().readable_by(may_read),
        Field::new("file_state_reason", Kind::Text(500), "Reason of the file's last step").readonly().readable_by(may_read),
        Field::internal("file_listed", Kind::Char(100)).personal(),
    ]
}

/// What is listed of a loan file, as columns.
#[derive(Debug, Serialize)]
pub struct Listed {
    file_number: Json,
    order_status: Json,
    progress: Json,
    file_state: Json,
    file_listed: Option<String>,
}

impl Listed {
    /// Of a file and its sealed text.
    pub fn of(file: &Map<String, Json>, sealed: Option<&str>) -> Listed {
        let [file_number, order_status, progress, file_state] = LISTED.map(|name| file.get(name).cloned().unwrap_or_default());
        let file_listed = sealed.map(|text| text.chars().take(TELLING).collect());
        Listed { file_number, order_status, progress, file_state, file_listed }
    }
}

/// A loan file as it is kept.
#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    loan_file: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
}

/// A loan file as it is stored again.
#[derive(Serialize)]
struct Stored {
    id: i64,
    loan_file: String,
    #[serde(flatten)]
    listed: Listed,
    #[serde(flatten)]
    step: Option<Step>,
}

/// When and why a state was reached.
#[derive(Clone, Serialize)]
struct Step {
    file_state_date: String,
    file_state_reason: String,
}

fn stored(keys: &Keys, id: i64, file: &Map<String, Json>, step: Option<Step>) -> Result<Stored, Fault> {
    let loan_file = keys.seal(id, file)?;
    Ok(Stored { id, listed: Listed::of(file, Some(&loan_file)), loan_file, step })
}

fn opened(keys: &Keys, kept: &Kept) -> Result<Map<String, Json>, Fault> {
    kept.loan_file.as_deref().map_or_else(|| Ok(Map::new()), |text| keys.open(kept.id, text))
}

/// Changes what is in the loan files of locked leads.
///
/// # Errors
/// 500 for a text that no key of ours opens, and the database's own.
pub async fn write(tx: &mut Tx<'_>, model: &Model, keys: &Keys, ids: Vec<i64>, changes: &Map<String, Json>) -> Result<(), Failure> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::new();
    for kept in tx.rows::<Kept>(sql!("file_step/loan_files.sql", ids)).await? {
        let before = opened(keys, &kept)?;
        let mut after = before.clone();
        after.extend(changes.clone());
        if after != before {
            rows.push(stored(keys, kept.id, &after, None)?);
        }
    }
    tx.update_rows(model, &rows).await.map(drop)
}

/// Takes loan files to a state, for a reason: the audit has from where, to where and why.
///
/// # Errors
/// 403 for who may not read the file, 404 for a lead that is not there, 422 for what is no state or no reason.
pub async fn step(tx: &mut Tx<'_>, model: &Model, keys: &Keys, call: &Call, data: &Map<String, Json>) -> Answer {
    if !may_read(tx.identity) || !(model.access)(tx.identity).write {
        return Err(denied(model, "modify").into());
    }
    let mut problems = tx.problems();
    let state = text(data, "state", MAX_STATE, &mut problems);
    let reason = text(data, "reason", MAX_REASON, &mut problems);
    problems.check()?;
    let found = tx.find_ids(model, call.params.need("ids")?).await?;
    let step = Step { file_state_date: chrono::Utc::now().to_rfc3339(), file_state_reason: reason.clone() };
    let (mut rows, mut for_the_same) = (Vec::new(), Vec::new());
    for kept in tx.rows::<Kept>(sql!("file_step/loan_files.sql", found.ids)).await? {
        let mut file = opened(keys, &kept)?;
        let is_there = file.get("file_state").and_then(Json::as_str) == Some(&state);
        let is_why = kept.reason.as_deref() == Some(&reason);
        if is_there && is_why {
            continue;
        }
        if is_why {
            for_the_same.push(kept.id);
        }
        file.insert("file_state".to_owned(), state.as_str().into());
        rows.push(stored(keys, kept.id, &file, Some(step.clone()))?);
    }
    tx.update_rows(model, &rows).await?;
    if !for_the_same.is_empty() {
        let (actor, origin, bank) = (tx.author.uid, tx.author.origin, tx.author.bank);
        tx.run(sql!("file_step/same_reason.sql", actor, origin, bank, reason, for_the_same)).await?;
    }
    Ok(true.into())
}

/// An argument that must be a text with something in it.
fn text(data: &Map<String, Json>, name: &str, most: usize, problems: &mut Problems) -> String {
    match data.get(name) {
        Some(Json::String(text)) if !text.trim().is_empty() && text.trim().chars().count() <= most => return text.trim().to_owned(),
        sent if sent.is_none_or(is_unset) => problems.add(format!("`{name}` is required: a text of 1 to {most} characters")),
        Some(_) | None => problems.add(format!("`{name}` must be a text of 1 to {most} characters")),
    }
    String::new()
}

/// A lead's columns as they are moved out of its text.
#[derive(Serialize)]
struct Moved {
    id: i64,
    #[serde(flatten)]
    listed: Listed,
}

/// A text whose columns are not of it.
#[derive(QueryableByName)]
struct Unlisted {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    loan_file: String,
}

/// Lists what the release before has put into sealed texts alone, and again what it still does while it runs beside this one.
pub async fn keep_listed(owner: &Arc<Owner<Crm>>) {
    loop {
        if let Err(fault) = list_all(owner).await {
            tracing::warn!(%fault, "loan files can't be listed yet; trying again");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Lists all that is not; what can't be opened stays as it is, and the doctor tells of it.
///
/// # Errors
/// The database's own.
async fn list_all(owner: &Owner<Crm>) -> Result<(), Fault> {
    let (mut after, mut closed) = (0, 0_usize);
    loop {
        let texts: Vec<Unlisted> = owner.database.rows(sql!("file_step/unlisted.sql", after, BATCH)).await?;
        let Some(last) = texts.last() else { break };
        after = last.id;
        let mut moved = Vec::with_capacity(texts.len());
        for Unlisted { id, loan_file } in &texts {
            match owner.service.keys.open_if_ours(*id, loan_file) {
                Some(file) => moved.push(Moved { id: *id, listed: Listed::of(&file, Some(loan_file)) }),
                None => closed += 1,
            }
        }
        let rows = serde_json::to_string(&moved).map_err(|error| service::our_fault("crm", "loan files can't be listed", &error))?;
        owner.database.run(sql!("file_step/list.sql", rows)).await?;
    }
    if closed > 0 {
        tracing::warn!(closed, "loan files can't be opened, so nothing of them is listed: LOAN_FILE_KEYS lacks their keys");
    }
    Ok(())
}
