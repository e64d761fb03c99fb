//! The statements that change rows, with their events and audit in the same statement.
//!
//! Rows go in as one JSON text, so that one record and two hundred are the same statement with one bind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::QueryResult;
use diesel::result::Error::SerializationError;
use events::append;
pub use events::{Cause, Change};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::model::{Kind, Model};
use crate::sql::Sql;
use crate::statement::Statement;
use crate::values::Value;

/// Who a change is by, as events and audit keep it.
#[derive(Clone, Debug)]
pub struct Author {
    /// The side it comes from.
    pub origin: &'static str,
    /// The bank that caused it.
    pub bank: Option<i64>,
    /// `res.users` id.
    pub uid: i64,
    /// Trace context of the request.
    pub traceparent: Option<String>,
    /// What makes it. No request says so: the service's own code does, where it takes what comes from elsewhere.
    pub cause: Cause,
    /// Whether a statement was made that writes events in its name.
    pub told: Told,
}

/// Whether events were written, known to all copies of it.
#[derive(Clone, Debug, Default)]
pub struct Told(Arc<AtomicBool>);

impl Told {
    /// Some were, or are about to be.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether some were.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What happens when a new row's key is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// The statement fails.
    Fail,
    /// The row is left out.
    Skip,
}

/// How a column changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Assign {
    Set,
    SetIfNamed,
    Push,
    Pop,
    PushAndPop,
}

fn who(author: &Author) -> Sql {
    author.told.set();
    let mut sql = Sql::new("WITH who AS (SELECT ");
    sql.bind(author.origin).push(" AS origin, ").bind(author.bank).push(" AS bank, ").bind(author.uid);
    sql.push(" AS actor, ").bind(author.traceparent.clone()).push(" AS traceparent, ").bind(author.cause.as_str()).push(" AS cause)");
    sql
}

fn column_type(model: &Model, column: &str) -> &'static str {
    model.any_field(column).map_or("text", |field| field.kind.column_type())
}

/// The rows of a JSON array as a recordset with these columns.
fn recordset(sql: &mut Sql, model: &Model, columns: &[&str], rows: String) {
    sql.push("jsonb_to_recordset(").bind(rows).push("::jsonb) AS r(");
    let typed = columns.iter().map(|column| format!("{column} {}", column_type(model, column))).collect::<Vec<_>>();
    sql.push(&typed.join(", ")).push(")");
}

fn finish(sql: &mut Sql, model: &Model, change: Change) {
    let (secret, personal) = (model.secret_columns(), model.personal_columns());
    sql.push(&append(model.name, change, &secret, &personal, model.impersonal, &model.publication));
}

/// Inserts rows, each an object with these columns (an array column may not be missing). Rows of the answer: the new id
/// and the text of `key`, an SQL expression over the new row.
pub fn insert(model: &Model, author: &Author, columns: &[&str], rows: &[Map<String, Json>], on_conflict: OnConflict, key: &str) -> Sql {
    let list = columns.join(", ");
    let values = columns.iter().map(|column| format!("r.{column}")).collect::<Vec<_>>().join(", ");
    let mut sql = who(author);
    sql.push(&format!(
        ", new AS (INSERT INTO {} ({list}, create_by, create_uid, write_uid) SELECT {values}, who.origin, who.actor, who.actor FROM who, ",
        model.table
    ));
    recordset(&mut sql, model, columns, json_text(rows));
    sql.push(if on_conflict == OnConflict::Skip { " ON CONFLICT DO NOTHING" } else { "" }).push(" RETURNING *)");
    finish(&mut sql, model, Change::Created);
    sql.push(&format!(" SELECT new.id, ({key})::text FROM new"));
    sql
}

/// Gives these records the same values; those that have them already are not touched. They are locked already. Rows of
/// the answer: the ids of those that changed.
pub fn update(model: &Model, author: &Author, ids: Vec<i64>, values: &[(&'static str, &Value)]) -> Sql {
    let mut row = Map::new();
    let mut columns = Vec::new();
    for (name, value) in values {
        let (assign, json) = match value {
            Value::Plain(json) => (Assign::Set, json.clone()),
            Value::Name(name) => (Assign::Set, name.clone().into()),
            Value::Change { push, pop } if pop.is_empty() => (Assign::Push, push.clone().into()),
            Value::Change { push, pop } if push.is_empty() => (Assign::Pop, pop.clone().into()),
            Value::Change { push, pop } => {
                row.insert(format!("{name}__out"), pop.clone().into());
                (Assign::PushAndPop, push.clone().into())
            }
        };
        row.insert((*name).to_owned(), json);
        columns.push((*name, assign));
    }
    let typed = columns.iter().map(|(column, assign)| {
        let out = if *assign == Assign::PushAndPop { format!(", {column}__out bigint[]") } else { String::new() };
        format!("{column} {}{out}", column_type(model, column))
    });
    let typed = typed.collect::<Vec<_>>();
    // One row for the planner too: a set of rows would have it read the whole table
    let mut input = Sql::new("jsonb_to_record(");
    input.bind(Json::from(row).to_string()).push("::jsonb) AS i(").push(&typed.join(", ")).push(")");
    changed(model, author, &columns, input, is_one_of(&ids))
}

/// Which of these records have other values than these. Rows of the answer: their ids.
pub fn differing(model: &Model, ids: Vec<i64>, values: &[(&'static str, &Value)]) -> Sql {
    let plain = values.iter().filter_map(|(name, value)| if let Value::Plain(json) = value { Some((*name, json)) } else { None });
    let row: Map<String, Json> = plain.map(|(name, json)| (name.to_owned(), json.clone())).collect();
    let of = |alias: &str| row.keys().map(|column| format!("{alias}.{column}")).collect::<Vec<_>>().join(", ");
    let typed = row.keys().map(|column| format!("{column} {}", column_type(model, column))).collect::<Vec<_>>();
    let mut sql = Sql::new(&format!("SELECT t.id FROM {} t, jsonb_to_record(", model.table));
    let (theirs, ours) = (of("t"), of("i"));
    sql.bind(Json::from(row).to_string()).push("::jsonb) AS i(").push(&typed.join(", ")).push(") WHERE t.id = ANY(");
    sql.bind(ids).push(&format!(") AND ROW({theirs}) IS DISTINCT FROM ROW({ours}) ORDER BY t.id"));
    sql
}

/// That the row `o` is one of these. A single id is compared as such: with an array the planner expects several, and plans
/// anew at every run because it knows better once it sees the array.
fn is_one_of(ids: &[i64]) -> Sql {
    let mut sql = Sql::default();
    match ids {
        [id] => sql.push("o.id = ").bind(*id),
        ids => sql.push("o.id = ANY(").bind(ids.to_vec()).push(")"),
    };
    sql
}

/// Gives each of these records its own values: rows are objects with `id` and some of these columns. A column that a row
/// does not name stays as it is.
pub fn update_each(model: &Model, author: &Author, columns: &[&str], rows: &[Map<String, Json>]) -> Sql {
    let mut input = Sql::new("(SELECT r.*, ARRAY(SELECT jsonb_object_keys(raw)) AS named FROM jsonb_array_elements(");
    input.bind(json_text(rows)).push("::jsonb) raw, jsonb_to_record(raw) AS r(id bigint, ");
    let typed = columns.iter().map(|column| format!("{column} {}", column_type(model, column))).collect::<Vec<_>>();
    input.push(&typed.join(", ")).push(")) i");
    let columns: Vec<(&str, Assign)> = columns.iter().map(|column| (*column, Assign::SetIfNamed)).collect();
    changed(model, author, &columns, input, Sql::new("o.id = i.id"))
}

/// The update of the rows `o` that `which` means, with the values of `input`. The row before comes out of the update itself:
/// looked up beside it, it would be looked up again for each row once PostgreSQL keeps a plan for any number of them.
fn changed(model: &Model, author: &Author, columns: &[(&str, Assign)], input: Sql, which: Sql) -> Sql {
    let new_value = |(column, assign): &(&str, Assign)| match assign {
        Assign::Set => format!("i.{column}"),
        Assign::SetIfNamed => format!("CASE WHEN '{column}' = ANY(i.named) THEN i.{column} ELSE t.{column} END"),
        Assign::Push => format!("ARRAY(SELECT DISTINCT x FROM unnest(t.{column} || i.{column}) x ORDER BY x)"),
        Assign::Pop => format!("ARRAY(SELECT x FROM unnest(t.{column}) x WHERE x <> ALL(i.{column}) ORDER BY x)"),
        Assign::PushAndPop => {
            format!("ARRAY(SELECT DISTINCT x FROM unnest(t.{column} || i.{column}) x WHERE x <> ALL(i.{column}__out) ORDER BY x)")
        }
    };
    let set = columns.iter().map(|column| format!("{} = {}", column.0, new_value(column))).collect::<Vec<_>>().join(", ");
    let before = columns.iter().map(|(column, _)| format!("t.{column}")).collect::<Vec<_>>().join(", ");
    let after = columns.iter().map(new_value).collect::<Vec<_>>().join(", ");
    let mut sql = who(author);
    sql.push(&format!(
        ", new AS (UPDATE {} t SET {set}, version = t.version + 1, write_uid = who.actor, write_date = now() FROM who, ",
        model.table
    ));
    sql.append(input).push(&format!(", {} o WHERE ", model.table)).append(which);
    sql.push(&format!(
        " AND t.id = o.id AND ROW({before}) IS DISTINCT FROM ROW({after}) RETURNING t.id, t.version, to_jsonb(t) AS after, to_jsonb(o) AS before)"
    ));
    finish(&mut sql, model, Change::Updated);
    sql.push(" SELECT new.id FROM new");
    sql
}

/// Makes tombstones of these records. Rows of the answer: their ids.
pub fn tombstone(model: &Model, author: &Author, ids: Vec<i64>) -> Sql {
    let mut sql = who(author);
    sql.push(&format!(
        ", new AS (UPDATE {} t SET deleted_at = now(), version = t.version + 1, write_uid = who.actor, write_date = now() FROM who WHERE t.id = ANY(",
        model.table
    ));
    sql.bind(ids).push(") AND t.deleted_at IS NULL RETURNING t.*)");
    finish(&mut sql, model, Change::Deleted);
    sql.push(" SELECT new.id FROM new");
    sql
}

/// A statement's change of rows of which the declaration shows a part; it returns them as the declaration does, with `id` and `version`.
/// Rows of the answer: their ids.
pub fn by_statement(model: &Model, author: &Author, change: Change, changed: Statement) -> Sql {
    let mut sql = who(author);
    sql.push(", new AS (").append(changed.into()).push(")");
    finish(&mut sql, model, change);
    sql.push(" SELECT new.id FROM new");
    sql
}

/// Structs as rows of a write.
///
/// # Errors
/// A value that is no object.
pub fn rows<R: Serialize>(rows: &[R]) -> QueryResult<Vec<Map<String, Json>>> {
    let row = |row: &R| match serde_json::to_value(row) {
        Ok(Json::Object(row)) => Ok(row),
        Ok(other) => Err(SerializationError(format!("{other} is no row").into())),
        Err(error) => Err(SerializationError(error.into())),
    };
    rows.iter().map(row).collect()
}

/// The columns that rows name, in the declaration's order: one text of the statement whatever the order of theirs.
///
/// # Errors
/// A name that is no column of the model, for its value would be lost.
pub fn columns<'m>(model: &'m Model, rows: &[Map<String, Json>]) -> QueryResult<Vec<&'m str>> {
    for name in rows.iter().flat_map(Map::keys) {
        if !model.fields.iter().any(|field| field.name == name && field.has_column()) {
            return Err(SerializationError(format!("{} has no column {name}", model.name).into()));
        }
    }
    let is_named = |name: &&str| rows.iter().any(|row| row.contains_key(*name));
    Ok(model.fields.iter().map(|field| field.name).filter(is_named).collect())
}

/// Array columns are NOT NULL; a row that does not name one has it empty.
pub fn with_empty_arrays<'m>(model: &'m Model, columns: &mut Vec<&'m str>, row: &mut Map<String, Json>) {
    for field in model.fields.iter().filter(|field| matches!(field.kind, Kind::Many2many(_)) && field.has_column()) {
        if !row.contains_key(field.name) {
            row.insert(field.name.to_owned(), Json::Array(Vec::new()));
        }
        if !columns.contains(&field.name) {
            columns.push(field.name);
        }
    }
}

fn json_text(rows: &[Map<String, Json>]) -> String {
    serde_json::to_string(rows).unwrap_or_else(|_| "[]".to_owned())
}
