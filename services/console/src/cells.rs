//! How a field's value stands in a cell of a list, or beside its label in a form.

use domain::Progress;
use serde_json::Value;

use crate::declared::{Field, Model};
use crate::shown;
use crate::views;
use crate::visit::Visit;

/// The longest text in a cell, in characters.
const LONGEST: usize = 120;

/// A value, shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Its text.
    pub text: String,
    /// Where it leads; nothing where nowhere.
    pub href: String,
    /// How it looks: `number`, `badge …`, `text`.
    pub class: String,
    /// What a machine reads: a moment in UTC.
    pub machine: String,
}

/// The cells of a row.
pub fn cells(visit: &Visit, model: &Model, fields: &[&Field], record: &Value) -> Vec<Cell> {
    fields
        .iter()
        .map(|field| {
            let mut cell = cell(visit, &model.name, field, record.get(&field.name).unwrap_or(&Value::Null));
            if let Some((end, _)) = cell.text.char_indices().nth(LONGEST) {
                cell.text.truncate(end);
                cell.text.push('…');
            }
            cell
        })
        .collect()
}

/// How a state looks: what is done, what goes on, what is stopped.
fn tone(value: &str) -> &'static str {
    if let Some(progress) = Progress::parse(value).filter(|progress| progress.as_str() == value) {
        return match progress {
            Progress::Created => "plain",
            Progress::InPreparation | Progress::InDelivery => "going",
            Progress::Delivered => "good",
            Progress::Cancelled => "bad",
        };
    }
    match value {
        "done" | "posted" | "sale" | "purchase" | "full" | "ACTIVE" | "closed" => "good",
        "cancel" | "dead" | "BLOCKED" | "failed" | "open" | "parked" => "bad",
        "waiting"
        | "sending"
        | "confirmed"
        | "assigned"
        | "partially_available"
        | "partial"
        | "pending"
        | "WAITING"
        | "running"
        | "sent" => "going",
        // A word of somebody's own looks like nothing
        _ => "plain",
    }
}

/// A value of a field.
pub fn cell(visit: &Visit, model: &str, field: &Field, value: &Value) -> Cell {
    let text = shown::text(value);
    let plain = |text: String| Cell { text, ..Cell::default() };
    match field.kind.as_str() {
        "boolean" => plain(if text.is_empty() { visit.t("no") } else { visit.t("yes") }),
        "integer" if field.name == "id" || field.name.ends_with("_id") => Cell { class: "number".to_owned(), ..plain(text) },
        // What is waited for catches the eye, nothing does not
        "float" if field.name == "short" => {
            let is_none = text.parse::<rust_decimal::Decimal>().is_ok_and(|number| number.is_zero());
            let class = if is_none { "number dim" } else { "number is-short" };
            Cell { class: class.to_owned(), text: shown::number(visit.lang, &text, None), ..Cell::default() }
        }
        "integer" | "float" => Cell { class: "number".to_owned(), text: shown::number(visit.lang, &text, None), ..Cell::default() },
        "monetary" if field.name.ends_with("rate") || model == "account.tax" => {
            Cell { class: "number".to_owned(), text: format!("{}\u{a0}%", shown::number(visit.lang, &text, None)), ..Cell::default() }
        }
        "monetary" => Cell {
            class: "number".to_owned(),
            text: if text.is_empty() { text } else { shown::money(visit.lang, &text) },
            ..Cell::default()
        },
        "date" => plain(shown::day(&text)),
        "datetime" => Cell { text: shown::moment(visit.zone, &text), machine: shown::machine(&text), ..Cell::default() },
        "selection" if text.is_empty() => Cell::default(),
        "selection" => Cell {
            class: format!("badge {}", tone(&text)),
            text: visit.console.words.value(visit.lang, model, &field.name, &text),
            ..Cell::default()
        },
        "many2one" => {
            let (id, name) = pair(value);
            let leads = field.relation.as_deref().filter(|comodel| id.is_some() && visit.may_read(comodel));
            Cell {
                href: leads.zip(id).map(|(comodel, id)| format!("/web/{comodel}/{id}")).unwrap_or_default(),
                text: name,
                ..Cell::default()
            }
        }
        "many2many" | "one2many" => {
            let names: Vec<String> = value.as_array().map(|all| all.iter().map(|one| pair(one).1).collect()).unwrap_or_default();
            plain(names.join(", "))
        }
        // What the services refused or could not do, in English
        "text" | "char" if views::is_said(model, &field.name) => {
            let said = text.lines().map(|line| visit.console.words.refusal(visit.lang, line.trim())).collect::<Vec<_>>();
            plain(said.join("\n"))
        }
        _ => plain(text),
    }
}

/// A relation's record: its id and its name.
pub fn pair(value: &Value) -> (Option<i64>, String) {
    match value {
        Value::Object(record) => {
            let id = record.get("id").and_then(Value::as_i64);
            let name = record.get("display_name").map(shown::text).filter(|name| !name.is_empty());
            (id, name.or_else(|| id.map(|id| id.to_string())).unwrap_or_default())
        }
        Value::Number(id) => (id.as_i64(), id.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) => (None, String::new()),
    }
}
