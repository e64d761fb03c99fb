//! JSON that a client sent, read within bounds: no key twice, no NUL (Postgres can't keep one), no bottomless nesting.
//!
//! serde_json alone lets the last of two equal keys win, which would let a request mean two things to two readers. A number
//! with more digits than a machine's number holds is read as the text of its digits: an account number is kept whole.

use std::borrow::Cow;

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
    let text = with_all_digits(raw.get());
    let mut reader = serde_json::Deserializer::from_str(&text);
    Strict(MAX_DEPTH).deserialize(&mut reader).map_err(|e| Fault::malformed(format!("`{what}`: {e}")))
}

/// JSON with each number that no machine's number holds exactly as a text of its digits.
fn with_all_digits(json: &str) -> Cow<'_, str> {
    /// Every number of so few characters is exact.
    const SAFE: usize = 15;
    let (mut out, mut copied) = (String::new(), 0);
    let (mut is_text, mut is_escaped) = (false, false);
    let mut number = None;
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E' if number.is_some() || matches!(byte, b'0'..=b'9' | b'-') => {
                number.get_or_insert(at);
                continue;
            }
            _ => {}
        }
        quote(json, number.take().map(|from| from..at), SAFE, &mut out, &mut copied);
    }
    quote(json, number.map(|from| from..json.len()), SAFE, &mut out, &mut copied);
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    out.push_str(json.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

fn quote(json: &str, number: Option<std::ops::Range<usize>>, safe: usize, out: &mut String, copied: &mut usize) {
    let Some(range) = number.filter(|range| range.len() > safe) else { return };
    let Some(text) = json.get(range.clone()) else { return };
    if is_exact(text) {
        return;
    }
    out.push_str(json.get(*copied..range.start).unwrap_or_default());
    out.push('"');
    out.push_str(text);
    out.push('"');
    *copied = range.end;
}

/// Whether the text of a number is what its machine number prints, but for zeros at its end. One with an exponent is meant as
/// a machine's number.
fn is_exact(text: &str) -> bool {
    if text.contains(['e', 'E']) {
        return true;
    }
    if !text.contains('.') {
        return text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
    }
    let printed = text.parse().ok().and_then(Number::from_f64).map(|number| number.to_string()).unwrap_or_default();
    printed.trim_end_matches('0') == text.trim_end_matches('0')
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
    use proptest::prelude::*;
    use serde_json::Value;

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
    fn a_number_keeps_its_digits() {
        for (sent, read_as) in [
            ("799999000123456789012", serde_json::json!("799999000123456789012")),
            (
                r#"{"rib":-799999000123456789012,"a":"\\\"799999000123456789012"}"#,
                serde_json::json!({"rib": "-799999000123456789012", "a": "\\\"799999000123456789012"}),
            ),
            ("[18446744073709551615, 18446744073709551616]", serde_json::json!([18_446_744_073_709_551_615_u64, "18446744073709551616"])),
            ("12345678901234.567", serde_json::json!("12345678901234.567")),
            ("123456789012345678.25", serde_json::json!("123456789012345678.25")),
            ("0.10000000000000000000", serde_json::json!(0.1)),
            ("4999.990000000001", serde_json::json!(4_999.990000000001)),
            ("1e300", serde_json::json!(1e300)),
            ("-9223372036854775808", serde_json::json!(i64::MIN)),
        ] {
            assert_eq!(read(sent), Ok(read_as), "{sent}");
        }
        assert!(read("1e400").is_err());
    }

    proptest! {
        #[test]
        fn what_is_no_long_number_reads_as_serde_reads_it(value in json()) {
            prop_assert_eq!(read(&value.to_string()), Ok(value));
        }

        #[test]
        fn no_digit_is_lost(digits in "[1-9][0-9]{0,60}") {
            let read = read(&format!("[{digits}]")).unwrap();
            let one = &read[0];
            prop_assert_eq!(one.as_str().map_or_else(|| one.to_string(), str::to_owned), digits);
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from),
            r#"[a-z0-9\\" {}\[\]:,é.-]{0,20}"#.prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-z\"]{1,4}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn depth_has_a_bound() {
        let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        assert!(read(&nested(MAX_DEPTH)).is_ok());
        assert!(read(&nested(MAX_DEPTH + 1)).unwrap_err().contains("32 levels"));
        assert!(read(&nested(100_000)).is_err());
    }
}
