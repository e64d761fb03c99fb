//! What a client wants to write, checked against the declaration: every refusal at once, and nothing half right inside.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};
use domain::Identity;
use jsonrpc::{Fault, strict};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use crate::model::{ByName, Field, Kind, Model, clip};

/// How many values a many2many may be given at once.
pub(crate) const MAX_IDS: usize = 1_000;
/// The largest quantity, exclusive.
pub const MAX_QUANTITY: i64 = 1_000_000_000;
/// The largest amount of money, exclusive.
pub const MAX_MONEY: i64 = 100_000_000_000_000;

/// Whether all required fields must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A new record.
    Create,
    /// Fields of one that is there.
    Write,
}

/// A value that is right for its field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// As the column takes it from JSON.
    Plain(Json),
    /// The name of a record, to be resolved.
    Name(String),
    /// Ids to add to a many2many.
    Push(Vec<i64>),
    /// Ids to take out of a many2many.
    Pop(Vec<i64>),
}

/// Checked values by field, in the declaration's order of nothing but the client's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    entries: Vec<(&'static str, Value)>,
}

impl Values {
    /// Checks a client's data against a model. Every problem is added to `problems`; what is right is kept.
    ///
    /// # Errors
    /// 403 for a field that this identity may not write; that alone, before anything else is said.
    pub fn check(
        model: &Model,
        identity: &Identity,
        mode: Mode,
        data: Map<String, Json>,
        problems: &mut Problems,
    ) -> Result<Values, Fault> {
        for name in data.keys() {
            if let Some(rule) = model.field(name).and_then(|field| field.writable_by)
                && !rule(identity)
            {
                return Err(Fault::access_error(format!(
                    "You are not allowed to write the field '{name}' of '{}' ({}).",
                    model.label, model.name
                )));
            }
        }
        let given: Vec<String> = data.keys().cloned().collect();
        let mut values = Values::default();
        for (name, json) in data {
            match model.field(&name) {
                None => problems.unknown(|| model.unknown_field(&name)),
                Some(field) if field.readonly => problems.add(format!("Field '{name}' of {} can't be written", model.name)),
                Some(field) => match value(model, field, json) {
                    Ok(Value::Plain(Json::Null)) if field.default.is_some() => {
                        values.entries.push((field.name, Value::Plain(field.default.into())))
                    }
                    Ok(value) => values.entries.push((field.name, value)),
                    Err(problem) => problems.add(problem),
                },
            }
        }
        for field in model.fields.iter().filter(|field| field.required) {
            let empty = match values.get(field.name) {
                // What was given and is wrong has been told
                None => mode == Mode::Create && !given.iter().any(|name| name == field.name),
                Some(Value::Plain(json)) => json.is_null() || json == "",
                Some(_) => false,
            };
            if empty {
                problems.add(format!("Field '{}' of {} is required", field.name, model.name));
            }
        }
        Ok(values)
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// The text of a field, if it is set to one.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Plain(json) => json.as_str(),
            _ => None,
        }
    }

    /// Whether a boolean field is set to true.
    pub fn is_true(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Plain(Json::Bool(true))))
    }

    /// Sets a field from the service's own code.
    pub fn set(&mut self, name: &'static str, value: impl Into<Json>) {
        self.entries.retain(|(field, _)| *field != name);
        self.entries.push((name, Value::Plain(value.into())));
    }

    /// Adds ids to a many2many, whatever it is then set to.
    pub fn push(&mut self, name: &'static str, ids: Vec<i64>) {
        self.entries.retain(|(field, _)| *field != name);
        self.entries.push((name, Value::Push(ids)));
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.entries.iter().position(|(field, _)| *field == name)?;
        Some(self.entries.remove(at).1)
    }

    /// Takes these fields out, to be written elsewhere.
    pub fn take(&mut self, names: &[&str]) -> Values {
        let (taken, left) = std::mem::take(&mut self.entries).into_iter().partition(|(name, _)| names.contains(name));
        self.entries = left;
        Values { entries: taken }
    }

    /// Whether nothing is to be written.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every field and value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.entries.iter().map(|(name, value)| (*name, value))
    }

    /// Every field and value, to be changed in place.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Value)> {
        self.entries.iter_mut().map(|(name, value)| (*name, value))
    }
}

/// SHA-256 of what was sent, keys sorted: two POSTs with the same content have the same.
pub fn content_hash(data: &Map<String, Json>) -> String {
    domain::hex(&Sha256::digest(serde_json::to_string(data).unwrap_or_default()))
}

/// Everything that is wrong with a request's values, told at once.
#[derive(Debug, Default)]
pub struct Problems {
    told: Vec<String>,
    /// Whether the first one is an unknown field, which has a name of its own in Odoo.
    unknown_first: bool,
}

impl Problems {
    const MOST: usize = 50;

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Whether one more would not be told.
    fn is_full(&self) -> bool {
        self.told.len() >= Problems::MOST
    }

    /// One more.
    pub fn add(&mut self, problem: impl Into<String>) {
        if !self.is_full() {
            self.told.push(problem.into());
        }
    }

    /// An unknown field. What is near it is looked for only where it is told.
    fn unknown(&mut self, problem: impl FnOnce() -> String) {
        self.unknown_first |= self.told.is_empty();
        if !self.is_full() {
            self.add(problem());
        }
    }

    /// The refusal, if there is anything to refuse.
    ///
    /// # Errors
    /// 422 with one line a problem.
    pub fn check(self) -> Result<(), Fault> {
        match (self.told.is_empty(), self.unknown_first) {
            (true, _) => Ok(()),
            (false, true) => Err(Fault::value_error(self.told.join("\n"))),
            (false, false) => Err(Fault::validation(self.told.join("\n"))),
        }
    }
}

fn value(model: &Model, field: &Field, json: Json) -> Result<Value, String> {
    let wrong = |json: &Json, expected: &str| {
        format!("Wrong value for {}.{}: {} ({expected} expected)", model.name, field.name, shown(field, json))
    };
    let unset = matches!(json, Json::Null | Json::Bool(false));
    let plain = |json: Json| Ok(Value::Plain(json));
    match &field.kind {
        Kind::Id | Kind::One2many { .. } => Err(format!("Field '{}' of {} can't be written", field.name, model.name)),
        Kind::Char(most) | Kind::Text(most) => match json {
            _ if unset => plain(Json::Null),
            Json::String(text) => {
                let text = if field.lower { text.trim().to_lowercase() } else { text.trim().to_owned() };
                match text.chars().count() {
                    n if n > *most => {
                        Err(format!("Field '{}' of {} has {n} characters, at most {most} are possible", field.name, model.name))
                    }
                    _ => plain(text.into()),
                }
            }
            // Odoo takes a number for a text
            Json::Number(number) => plain(number.to_string().into()),
            other => Err(wrong(&other, "a text")),
        },
        Kind::Selection(options) => match &json {
            _ if unset => plain(Json::Null),
            Json::String(text) => match options.iter().find(|option| **option == text.trim()) {
                Some(option) => plain((*option).into()),
                None => Err(wrong(&json, &format!("one of {}", options.join(", ")))),
            },
            other => Err(wrong(other, &format!("one of {}", options.join(", ")))),
        },
        Kind::Boolean => match &json {
            Json::Null if field.default.is_some() => plain(Json::Null),
            Json::Null => plain(false.into()),
            Json::Bool(_) => plain(json),
            Json::Number(number) if number.as_i64() == Some(0) => plain(false.into()),
            Json::Number(number) if number.as_i64() == Some(1) => plain(true.into()),
            Json::String(text) if text.trim().eq_ignore_ascii_case("true") => plain(true.into()),
            Json::String(text) if text.trim().eq_ignore_ascii_case("false") || text.trim().is_empty() => plain(false.into()),
            other => Err(wrong(other, "true or false")),
        },
        Kind::Integer => match &json {
            _ if unset => plain(0.into()),
            other => whole(other).map_or_else(|| Err(wrong(other, "a whole number")), |n| plain(n.into())),
        },
        Kind::Monetary => match &json {
            _ if unset => plain("0".into()),
            other => match money(other) {
                Some(amount) => plain(amount.to_string().into()),
                None => Err(wrong(other, &format!("a number from 0 to below {MAX_MONEY}"))),
            },
        },
        Kind::Float => match &json {
            _ if unset => plain("0".into()),
            other => match quantity(other) {
                Some(amount) => plain(amount.to_string().into()),
                None => Err(wrong(other, &format!("a number from 0 to below {MAX_QUANTITY}"))),
            },
        },
        Kind::Date => match &json {
            _ if unset => plain(Json::Null),
            Json::String(text) => match day(text) {
                Some(day) => plain(day.to_string().into()),
                None => Err(wrong(&json, "a day as 2026-12-31")),
            },
            other => Err(wrong(other, "a day as 2026-12-31")),
        },
        Kind::Datetime => match &json {
            _ if unset => plain(Json::Null),
            Json::String(text) => match moment(text) {
                Some(moment) => plain(moment.to_rfc3339().into()),
                None => Err(wrong(&json, "a moment as 2026-12-31 23:59:59 (UTC)")),
            },
            other => Err(wrong(other, "a moment as 2026-12-31 23:59:59 (UTC)")),
        },
        Kind::Many2one(_) => match json {
            _ if unset => plain(Json::Null),
            Json::String(text) if field.by_name != ByName::No => match text.trim() {
                "" => plain(Json::Null),
                name if name.chars().count() > 254 => {
                    Err(format!("Field '{}' of {} has a name of more than 254 characters", field.name, model.name))
                }
                name => Ok(Value::Name(name.to_owned())),
            },
            other => match whole(&other).filter(|id| *id > 0) {
                Some(id) => plain(id.into()),
                None if field.by_name == ByName::No => Err(wrong(&other, "the id of a record")),
                None => Err(wrong(&other, "the id or the name of a record")),
            },
        },
        Kind::Many2many(_) => match json {
            _ if unset => plain(json!([])),
            Json::Object(mut command) if command.len() == 1 => {
                let (push, pop) = (command.remove("push"), command.remove("pop"));
                match (push.and_then(ids), pop.and_then(ids)) {
                    (Some(ids), _) => Ok(Value::Push(ids)),
                    (_, Some(ids)) => Ok(Value::Pop(ids)),
                    _ => Err(format!(
                        "Field '{}' of {} takes a list of ids, {{\"push\": [ids]}} or {{\"pop\": [ids]}}",
                        field.name, model.name
                    )),
                }
            }
            other => match ids(other.clone()) {
                Some(ids) => plain(json!(ids)),
                None => Err(wrong(&other, "a list of ids")),
            },
        },
    }
}

/// A value for an error: a client's own, cut short, and nothing of what is personal or secret.
fn shown(field: &Field, json: &Json) -> String {
    if field.personal || field.is_write_only() { strict::kind(json).to_owned() } else { clip(&json.to_string()).into_owned() }
}

fn whole(json: &Json) -> Option<i64> {
    match json {
        Json::Number(number) => number.as_i64().or_else(|| number.to_string().strip_suffix(".0")?.parse().ok()),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A quantity, of three places at most.
pub fn quantity(json: &Json) -> Option<Decimal> {
    bounded(json, 3, MAX_QUANTITY)
}

/// An amount of money, of two places.
pub fn money(json: &Json) -> Option<Decimal> {
    bounded(json, 2, MAX_MONEY)
}

fn bounded(json: &Json, places: u32, most: i64) -> Option<Decimal> {
    let text = match json {
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let amount = decimal(&text).filter(|amount| !amount.is_sign_negative() || amount.is_zero())?;
    // A sender's float may carry digits that no price has
    let amount = amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    (amount < Decimal::from(most)).then_some(amount.abs())
}

/// A decimal number, plain or scientific; none that only Rust would take for one.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    if !text.bytes().all(|b| b.is_ascii_digit() || b".+-eE".contains(&b)) {
        return None;
    }
    text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(text)).ok()
}

/// A day of a year of four digits.
pub(crate) fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok().filter(|day| (1..=9999).contains(&day.year()))
}

/// A moment: with an offset as RFC 3339 has it, or without, in UTC, as Odoo's RPC and REST write it; or a day's beginning.
pub(crate) fn moment(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let naive = || {
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d-%H-%M"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .map(|naive| naive.and_utc())
    };
    let midnight = || day(text).and_then(|day| day.and_hms_opt(0, 0, 0)).map(|naive| naive.and_utc());
    let moment = DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.to_utc()).or_else(naive).or_else(midnight)?;
    (1..=9999).contains(&moment.year()).then_some(moment)
}

fn ids(json: Json) -> Option<Vec<i64>> {
    let Json::Array(items) = json else { return None };
    if items.len() > MAX_IDS {
        return None;
    }
    let mut ids = items.iter().map(whole).collect::<Option<Vec<_>>>()?;
    ids.sort_unstable();
    ids.dedup();
    Some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(kind: Kind, json: Json) -> Result<Value, String> {
        let model = Model::new("x.y", "x_y", "X", vec![], |_| crate::Access::all());
        value(&model, &Field::new("f", kind, "F"), json)
    }

    #[test]
    fn money_is_exact_and_within_bounds() {
        for (json, stored) in [
            (json!(80000.0), "80000.0"),
            (json!("7.99"), "7.99"),
            (json!(0.1), "0.1"),
            (json!(1.005), "1.01"),
            (json!(4999.990000000001), "4999.99"),
            (json!(1e3), "1000.0"),
            (json!(null), "0"),
        ] {
            let Value::Plain(Json::String(text)) = kind(Kind::Monetary, json.clone()).unwrap() else { panic!() };
            assert_eq!(text.parse::<Decimal>().unwrap(), stored.parse::<Decimal>().unwrap(), "{json}");
        }
        for json in [json!(-1), json!("abc"), json!(1e300), json!(100_000_000_000_000_i64), json!([])] {
            assert!(kind(Kind::Monetary, json.clone()).is_err(), "{json}");
        }
    }

    #[test]
    fn odoos_lenience_is_kept() {
        assert_eq!(kind(Kind::Char(9), json!(12)), Ok(Value::Plain(json!("12"))));
        assert_eq!(kind(Kind::Char(9), json!("  a ")), Ok(Value::Plain(json!("a"))));
        assert_eq!(kind(Kind::Boolean, json!("False")), Ok(Value::Plain(json!(false))));
        assert_eq!(kind(Kind::Boolean, json!("True")), Ok(Value::Plain(json!(true))));
        assert_eq!(kind(Kind::Integer, json!("7")), Ok(Value::Plain(json!(7))));
        assert_eq!(kind(Kind::Integer, json!(7.0)), Ok(Value::Plain(json!(7))));
        assert_eq!(kind(Kind::Many2many("x"), json!({"push": [3, 1, 3]})), Ok(Value::Push(vec![1, 3])));
    }

    #[test]
    fn what_is_wrong_is_named_and_what_was_expected() {
        let message = kind(Kind::Selection(&["a", "b"]), json!("zzz")).unwrap_err();
        assert_eq!(message, "Wrong value for x.y.f: \"zzz\" (one of a, b expected)");
        assert!(kind(Kind::Char(3), json!("four")).unwrap_err().contains("4 characters"));
        assert!(kind(Kind::Date, json!("2026-13-01")).unwrap_err().contains("2026-12-31"));
        assert!(kind(Kind::Integer, json!(9.3e18)).is_err() && kind(Kind::Integer, json!(18446744073709551615_u64)).is_err());
    }
}
