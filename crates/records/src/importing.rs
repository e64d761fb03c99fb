//! What taking records from elsewhere needs of a model besides its writes: which ids are used, how far its sequence is, a record's row.

use serde_json::{Map, Value as Json};

use crate::Sql;
use crate::model::{Field, Kind, Model};
use crate::values::{Value, Values};

/// Of these ids those that are used, tombstones too, locked. Rows of the answer: id, version, whether the record is there.
pub fn used(model: &Model, ids: Vec<i64>) -> Sql {
    let mut sql = Sql::new(&format!("SELECT t.id, t.version, t.deleted_at IS NULL FROM {} t WHERE t.id = ANY(", model.table));
    sql.bind(ids).push(") ORDER BY t.id FOR UPDATE");
    sql
}

/// The next ids of a model's sequence.
pub fn next_ids(model: &Model, many: i64) -> Sql {
    let mut sql = Sql::new(&format!("SELECT nextval(pg_get_serial_sequence('{}', 'id')) FROM generate_series(1, ", model.table));
    sql.bind(many).push("::bigint)");
    sql
}

/// Puts a model's sequence beyond a number, if it is not.
pub fn go_beyond(model: &Model, number: i64) -> Sql {
    let table = model.table;
    let mut sql = Sql::new(&format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), n) FROM (SELECT "));
    sql.bind(number).push(&format!(
        "::bigint AS n) of WHERE n > coalesce((SELECT s.last_value FROM pg_sequences s \
         WHERE format('%I.%I', s.schemaname, s.sequencename) = pg_get_serial_sequence('{table}', 'id')), 0)"
    ));
    sql
}

/// What only the clock and the engine say of a record.
const OF_THE_ENGINE: [&str; 7] = ["id", "create_by", "create_uid", "create_date", "write_uid", "write_date", "version"];

/// The model as history is taken into it: what is stored of a record and is nobody's to write may be said too, but for `kept`, which
/// the service keeps itself.
pub fn of_history(model: &Model, kept: &[&str]) -> Model {
    let mut model = model.clone();
    for field in &mut model.fields {
        let is_said = field.has_column() && field.is_public() && field.kind != Kind::Binary;
        field.readonly &= !is_said || OF_THE_ENGINE.contains(&field.name) || kept.contains(&field.name);
    }
    model
}

/// The row of a record that is made of these values: what they don't say is as in any new record.
pub fn row(model: &Model, values: &Values) -> Map<String, Json> {
    let fields = model.fields.iter().filter(|field| field.has_column() && field.is_public() && !field.readonly);
    fields.map(|field| (field.name.to_owned(), values.get(field.name).and_then(said).unwrap_or_else(|| unsaid(field)))).collect()
}

/// What a value says, where it says something.
fn said(value: &Value) -> Option<Json> {
    match value {
        Value::Plain(Json::Null) | Value::Name(_) => None,
        Value::Plain(json) => Some(json.clone()),
        Value::Change { push, .. } => Some(push.clone().into()),
    }
}

/// What a field of a new record is where nothing is said.
fn unsaid(field: &Field) -> Json {
    match (&field.kind, field.default) {
        (Kind::Many2many(_), _) => Json::Array(Vec::new()),
        (Kind::Boolean, default) => (default == Some("true")).into(),
        (Kind::Integer, _) => 0.into(),
        (Kind::Monetary | Kind::Float, _) => "0".into(),
        (_, default) => default.into(),
    }
}
