//! JSON that a client sent, read within bounds: no key twice, no NUL (Postgres can't keep one), no bottomless nesting.
//!
//! serde_json alone lets the last of two equal keys win, which would let a request mean two things to two readers.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use crate::Fault;

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 32;

/// Reads a value; `what` names it in the error.
///
/// # Errors
/// 400 that tells what is wrong and where, counted from the value's first character.
pub fn value(what: &str, raw: &RawValue) -> Result<Value, Fault> {
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    Strict(MAX_DEPTH).deserialize(&mut reader).map_err(|e| Fault::malformed(format!("`{what}`: {e}")))
}

/// Reads an object; `what` names it in the error.
///
/// # Errors
/// As [`value`], and 422 where it is something else.
pub fn object(what: &str, raw: &RawValue) -> Result<Map<String, Value>, Fault> {
    match value(what, raw)? {
        Value::Object(map) => Ok(map),
        other => Err(Fault::validation(format!("`{what}` must be an object, not {}", kind(&other)))),
    }
}

/// What a JSON value is, in words for an error.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

struct Strict(usize);

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl Strict {
    fn deeper<E: Error>(&self) -> Result<usize, E> {
        self.0.checked_sub(1).ok_or_else(|| E::custom(format_args!("nested deeper than {MAX_DEPTH} levels")))
    }
}

fn text<E: Error>(text: String) -> Result<String, E> {
    if text.contains('\0') { Err(E::custom("a text holds the character U+0000, which can't be stored")) } else { Ok(text) }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Value, E> {
        Number::from_f64(v).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<Value, E> {
        text(v.to_owned()).map(Value::String)
    }

    fn visit_string<E: Error>(self, v: String) -> Result<Value, E> {
        text(v).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict(depth))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let key = text(key)?;
            let value = entries.next_value_seed(Strict(depth))?;
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key `{key}` stands twice in one object")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value, String> {
        let raw: Box<RawValue> = serde_json::from_str(text).map_err(|e| e.to_string())?;
        value("data", &raw).map_err(|fault| fault.message)
    }

    #[test]
    fn refuses_what_two_readers_could_read_differently() {
        assert!(read(r#"{"a":1,"b":{"a":2}}"#).is_ok());
        assert!(read(r#"{"a":1,"a":2}"#).unwrap_err().contains("`a` stands twice"));
        assert!(read(r#"["\u0000"]"#).unwrap_err().contains("U+0000"));
        assert!(read(r#"["\ud800"]"#).is_err());
        assert!(read("1e400").is_err());
    }

    #[test]
    fn depth_has_a_bound() {
        let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        assert!(read(&nested(MAX_DEPTH)).is_ok());
        assert!(read(&nested(MAX_DEPTH + 1)).unwrap_err().contains("32 levels"));
        assert!(read(&nested(100_000)).is_err());
    }
}
