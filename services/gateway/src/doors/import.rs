//! `POST /api/{model}/import`: a CSV, or a list of objects, as records; a thousand lines a transaction.
//!
//! With an `Idempotency-Key` each thousand is kept under it with what it says: sent again, what was committed is answered from what was
//! kept, and the rest is done. So a request that broke off, or that was refused for a line and is corrected, goes on where it was.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, web};
use jsonrpc::{Call, Fault, Idempotency, Reply};
use process::http::header;
use process::parse_reply;
use records::values::truth;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, as_the_add_on};
use crate::bodies::{Says, need_json};
use crate::incoming::Incoming;
use crate::query::parameters;

/// How many lines one request may have.
const MAX_LINES: usize = 10_000;
/// How many are one transaction.
const TOGETHER: usize = 1_000;
/// How many columns there may be.
const MAX_COLUMNS: usize = 200;
/// How many wrong lines a refusal tells of.
const MAX_TOLD: usize = 20;

/// What is imported: columns, and rows with a cell for each; null says nothing.
#[derive(Debug, PartialEq)]
struct Table {
    fields: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// `POST /api/{model}/import?dry_run=1`
pub async fn import(mut incoming: Incoming, model: web::Path<String>) -> Answer {
    let answer = load(&mut incoming, &model).await;
    incoming.told(as_the_add_on, answer)
}

/// What an owner answers of some rows.
#[derive(Deserialize)]
struct Loaded {
    ids: Value,
    messages: Vec<Map<String, Value>>,
}

async fn load(incoming: &mut Incoming, model: &str) -> Result<HttpResponse, Fault> {
    let body = incoming.body(Says::Session).await?;
    incoming.note_refusals(&body);
    let kind =
        header(&incoming.request, CONTENT_TYPE.as_str()).and_then(|kind| kind.split(';').next()).unwrap_or_default().trim().to_owned();
    let table = if kind.eq_ignore_ascii_case("text/csv") {
        of_csv(&body)?
    } else {
        need_json(&incoming.request)?;
        let params: Rows<'_> = incoming.envelope(&body)?.read()?;
        of_list(params.data.ok_or_else(|| Fault::validation("`data` is required: a list of objects"))?)?
    };
    let session = incoming.session(None).await?;
    let mut is_dry = false;
    for parameter in parameters(incoming.request.query_string()) {
        let parameter = parameter?;
        if parameter.name == "dry_run" {
            let text = Value::String(parameter.text()?);
            is_dry = truth(&text).ok_or_else(|| Fault::malformed("`dry_run`: 1 or 0 was expected"))?;
        }
    }
    let key = incoming.idempotency(&body)?;
    let (mut ids, mut messages, mut is_replayed) = (Vec::new(), Vec::new(), !table.rows.is_empty());
    for (at, rows) in table.rows.chunks(TOGETHER).enumerate() {
        let first = at * TOGETHER;
        let mut call: Call = session.call(model, "load")?.with("fields", &table.fields).with("data", &rows).with("dry_run", &is_dry);
        call.idempotency = key.clone().map(|key| Idempotency { scope: format!("{} {at}", key.scope), ..key });
        let reply = incoming.send_across(&session, call).await.map_err(|fault| told_of(fault, first))?;
        is_replayed &= reply.replayed;
        let mut loaded: Loaded = parse_reply(reply).await?;
        for line in &mut loaded.messages {
            moved(line, first);
        }
        if !loaded.messages.is_empty() && !is_dry {
            return Err(refused(&loaded.messages, first));
        }
        messages.extend(loaded.messages);
        if let Value::Array(made) = loaded.ids {
            ids.extend(made);
        }
    }
    let stored = ids.len();
    let ids = if is_dry { Value::Bool(false) } else { Value::Array(ids) };
    let mut reply = Reply::value(&json!({"ids": ids, "messages": messages, "stored": stored}));
    reply.replayed = is_replayed && !is_dry;
    incoming.answers().enveloped(incoming.id(), reply).await
}

/// What stands in the envelope of a list.
#[derive(Default, Deserialize)]
struct Rows<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// A line's number in all of them.
fn moved(line: &mut Map<String, Value>, by: usize) {
    let more = |value: &mut Value| {
        if let Some(number) = value.as_u64().and_then(|number| usize::try_from(number).ok()) {
            *value = (number + by).into();
        }
    };
    line.get_mut("record").into_iter().for_each(more);
    line.get_mut("rows").and_then(Value::as_object_mut).into_iter().flat_map(|rows| rows.values_mut()).for_each(more);
}

/// What is stored when the lines from `first` on are not.
fn stored(first: usize) -> String {
    match first {
        0 => "Nothing is stored.".to_owned(),
        first => {
            format!("Lines 1 to {first} are stored, none after them: send the same, or all of it corrected, with the same Idempotency-Key.")
        }
    }
}

fn refused(messages: &[Map<String, Value>], first: usize) -> Fault {
    let told = messages.iter().take(MAX_TOLD).map(|line| {
        let number = line.get("record").and_then(Value::as_u64).unwrap_or_default() + 1;
        format!("Line {number}: {}", line.get("message").and_then(Value::as_str).unwrap_or_default())
    });
    let mut told: Vec<String> = told.collect();
    if messages.len() > MAX_TOLD {
        told.push(format!("and {} lines more", messages.len() - MAX_TOLD));
    }
    told.push(stored(first));
    Fault::validation(told.join("\n"))
}

fn told_of(fault: Fault, first: usize) -> Fault {
    if first == 0 { fault } else { Fault { message: format!("{} {}", fault.message, stored(first)), ..fault } }
}

fn too_many() -> Fault {
    Fault::validation(format!("More than {MAX_LINES} lines: send them in several requests."))
}

/// A CSV in UTF-8 whose first line names the columns.
fn of_csv(bytes: &[u8]) -> Result<Table, Fault> {
    // What spreadsheets put before UTF-8
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(true).flexible(false).from_reader(bytes);
    let unread = |error: csv::Error| Fault::malformed(format!("The CSV can't be read: {error}"));
    let fields: Vec<String> = reader.headers().map_err(unread)?.iter().map(|name| name.trim().to_owned()).collect();
    if fields.is_empty() || fields.len() > MAX_COLUMNS {
        return Err(Fault::validation(format!("The CSV has {} columns: 1 to {MAX_COLUMNS} were expected", fields.len())));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unread)?;
        if rows.len() == MAX_LINES {
            return Err(too_many());
        }
        rows.push(record.iter().map(Value::from).collect());
    }
    Ok(Table { fields, rows })
}

/// A list of objects; a name that one of them has not says nothing there.
fn of_list(raw: &RawValue) -> Result<Table, Fault> {
    let objects: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(|error| Fault::unread("data", &error))?;
    if objects.len() > MAX_LINES {
        return Err(too_many());
    }
    let mut fields: Vec<String> = Vec::new();
    let mut read = Vec::with_capacity(objects.len());
    for raw in objects {
        let object = jsonrpc::strict::object("data", raw)?;
        for name in object.keys().filter(|name| !fields.contains(*name)).cloned().collect::<Vec<_>>() {
            fields.push(name);
            if fields.len() > MAX_COLUMNS {
                return Err(Fault::validation(format!("`data`: more than {MAX_COLUMNS} names")));
            }
        }
        read.push(object);
    }
    let rows = read.into_iter().map(|mut object| fields.iter().map(|name| object.remove(name).unwrap_or_default()).collect()).collect();
    Ok(Table { fields, rows })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_csv_and_a_list_are_the_same_table() {
        let csv = of_csv("\u{feff}id, name\nx,\"a, \"\"b\"\"\"\ny,\n".as_bytes()).unwrap();
        let list = |text: &str| of_list(&serde_json::from_str::<Box<RawValue>>(text).unwrap()).unwrap();
        assert_eq!(csv.fields, ["id", "name"]);
        assert_eq!(csv, list(r#"[{"id": "x", "name": "a, \"b\""}, {"id": "y", "name": ""}]"#));
        assert_eq!(list(r#"[{"a": 1}, {"b": 2}]"#).rows, [[json!(1), Value::Null], [Value::Null, json!(2)]]);
    }

    #[test]
    fn what_has_too_much_is_refused() {
        let lines = format!("name\n{}", "x\n".repeat(MAX_LINES + 1));
        assert_eq!(of_csv(lines.as_bytes()).unwrap_err().status, 422);
        assert_eq!(of_csv(",".repeat(MAX_COLUMNS).as_bytes()).unwrap_err().status, 422);
        assert_eq!(of_csv(b"a,b\n1\n").unwrap_err().status, 400);
        assert_eq!(of_csv(b"a\n\xff\n").unwrap_err().status, 400);
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            if let Ok(table) = of_csv(&bytes) {
                prop_assert!(table.rows.iter().all(|row| row.len() == table.fields.len()));
            }
        }
    }
}
