//! Rows as JSON, in both directions: what a statement answers as values of ours, and these as the rows of a write.

use diesel::sql_types::Text;
use records::{Failure, Sql, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

/// The rows of a statement whose one column is JSON text. Quantities and amounts stand in it as texts, so that they stay
/// exact.
///
/// # Errors
/// The database's own.
pub async fn load<T: DeserializeOwned>(tx: &mut Tx<'_>, sql: Sql) -> Result<Vec<T>, Failure> {
    let rows = sql.load::<Text, String>(tx.conn).await?;
    let parsed = rows.iter().map(|row| serde_json::from_str(row)).collect::<Result<Vec<T>, _>>();
    parsed.map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)).into())
}

/// Values of ours as rows of a write.
pub fn of<T: Serialize>(values: &[T]) -> Vec<Map<String, Json>> {
    values.iter().filter_map(|value| serde_json::to_value(value).ok()?.as_object().cloned()).collect()
}

/// An object that is written as one.
pub fn row(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(row) => row,
        _ => Map::new(),
    }
}
