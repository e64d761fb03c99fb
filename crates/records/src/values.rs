//! What a client wants to write, checked against the declaration: every refusal at once, and nothing half right inside.

use domain::{Identity, when};
use jsonrpc::{Fault, strict};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::commands::{X2MANY, commands, joined};
use crate::model::{ByName, Field, Kind, Model, clip};

/// The largest quantity, exclusive.
pub const MAX_QUANTITY: i64 = 1_000_000_000;
/// The largest amount of money, exclusive.
pub const MAX_MONEY: i64 = 100_000_000_000_000;
/// How long a name in place of an id may be, in characters.
const MAX_NAME: usize = 254;

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
    /// What joins a many2many, and what leaves it: no id is in both.
    Change {
        /// Ids to add.
        push: Vec<i64>,
        /// Ids to take out.
        pop: Vec<i64>,
    },
}

impl Value {
    /// As the column takes it from JSON, if that is what it is.
    pub fn plain(&self) -> Option<&Json> {
        match self {
            Value::Plain(json) => Some(json),
            Value::Name(_) | Value::Change { .. } => None,
        }
    }
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
        self.change(name, Value::Plain(value.into()));
    }

    /// Sets a reference by name, from the service's own code.
    pub fn name(&mut self, field: &'static str, name: impl Into<String>) {
        self.change(field, Value::Name(name.into()));
    }

    /// Adds ids to a many2many, whatever it is then set to.
    pub fn push(&mut self, name: &'static str, ids: Vec<i64>) {
        self.change(name, Value::Change { push: ids, pop: Vec::new() });
    }

    /// Sets a field to a value of any form.
    pub fn change(&mut self, name: &'static str, value: Value) {
        self.entries.retain(|(field, _)| *field != name);
        self.entries.push((name, value));
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

/// SHA-256 of a content that is nobody's secret, keys sorted.
pub fn content_hash(data: &Map<String, Json>) -> String {
    domain::hex(&Sha256::digest(Json::from(data.clone()).to_string()))
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

/// Whether a value says "not set": null, false and the empty text do, wherever a field may be unset. For a boolean false is
/// a value.
pub fn is_unset(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// A value that is set, as its field's type has it, whether it is to be written or is sought: text trimmed, numbers as
/// numbers, moments in UTC. None where it is no such value.
pub(crate) fn scalar(field: &Field, json: &Json) -> Option<Json> {
    match field.kind {
        Kind::Binary => json.as_str().map(Json::from),
        Kind::Char(_) | Kind::Text(_) | Kind::Selection(_) => {
            let text = match json {
                Json::String(text) => text.trim().to_owned(),
                // Odoo takes a number for a text
                Json::Number(number) => number.to_string(),
                _ => return None,
            };
            Some(if field.lower { text.to_lowercase() } else { text }.into())
        }
        Kind::Boolean => truth(json).map(Json::from),
        Kind::Id | Kind::Integer => whole(json).map(Json::from),
        Kind::Monetary | Kind::Float => decimal(json).map(|amount| amount.to_string().into()),
        Kind::Date => json.as_str().and_then(when::day).map(|day| day.to_string().into()),
        Kind::Datetime => json.as_str().and_then(when::moment).map(|moment| moment.to_rfc3339().into()),
        Kind::Many2one(_) | Kind::One2many { .. } | Kind::Many2many(_) => whole(json).filter(|id| *id > 0).map(Json::from),
    }
}

/// What a field's values look like, for a refusal.
pub(crate) fn expected(field: &Field) -> String {
    match &field.kind {
        Kind::Char(_) | Kind::Text(_) => "a text".to_owned(),
        Kind::Selection(options) => format!("one of {}", options.join(", ")),
        Kind::Binary => "a file in base64".to_owned(),
        Kind::Boolean => "true or false".to_owned(),
        Kind::Id | Kind::Integer => "a whole number".to_owned(),
        Kind::Monetary if field.signed => format!("a number between -{MAX_MONEY} and {MAX_MONEY}"),
        Kind::Float if field.signed => format!("a number between -{MAX_QUANTITY} and {MAX_QUANTITY}"),
        Kind::Monetary => format!("a number from 0 to below {MAX_MONEY}"),
        Kind::Float => format!("a number from 0 to below {MAX_QUANTITY}"),
        Kind::Date => when::DAY_FORMS.to_owned(),
        Kind::Datetime => when::MOMENT_FORMS.to_owned(),
        Kind::Many2one(_) if field.by_name == ByName::No => "the id of a record".to_owned(),
        Kind::Many2one(_) => "the id or the name of a record".to_owned(),
        Kind::One2many { .. } | Kind::Many2many(_) => X2MANY.to_owned(),
    }
}

/// Whether a value that is set names a record of a relation, rather than giving its id: where names are taken, a text is one
/// whatever it says; elsewhere a text of digits is an id.
pub(crate) fn is_name(field: &Field, json: &Json) -> bool {
    json.is_string() && (field.by_name != ByName::No || whole(json).is_none())
}

pub(crate) fn value(model: &Model, field: &Field, json: Json) -> Result<Value, String> {
    let wrong =
        |json: &Json| Err(format!("Wrong value for {}.{}: {} ({} expected)", model.name, field.name, shown(field, json), expected(field)));
    let plain = |json: Json| Ok(Value::Plain(json));
    match &field.kind {
        Kind::Id | Kind::One2many { .. } => return Err(format!("Field '{}' of {} can't be written", field.name, model.name)),
        Kind::Many2many(_) => {
            return commands(json.clone()).and_then(joined).map_or_else(|| wrong(&json), Ok);
        }
        Kind::Boolean if json.is_boolean() => return plain(json),
        _ if !is_unset(&json) => {}
        Kind::Boolean if field.default.is_none() => return plain(false.into()),
        Kind::Integer => return plain(0.into()),
        Kind::Monetary | Kind::Float => return plain("0".into()),
        Kind::Char(_)
        | Kind::Text(_)
        | Kind::Selection(_)
        | Kind::Boolean
        | Kind::Date
        | Kind::Datetime
        | Kind::Many2one(_)
        | Kind::Binary => {
            return plain(Json::Null);
        }
    }
    if matches!(field.kind, Kind::Many2one(_)) && field.by_name != ByName::No && json.is_string() {
        return named(model, field, json.as_str().unwrap_or_default().trim());
    }
    let Some(read) = scalar(field, &json) else { return wrong(&json) };
    match (&field.kind, read.as_str()) {
        (Kind::Char(most) | Kind::Text(most), Some(text)) => match text.chars().count() {
            n if n > *most => Err(format!("Field '{}' of {} has {n} characters, at most {most} are possible", field.name, model.name)),
            _ => plain(read),
        },
        (Kind::Selection(options), Some(text)) if !options.contains(&text) => wrong(&json),
        (Kind::Monetary, _) => {
            bounded(&json, 2, MAX_MONEY, field.signed).map_or_else(|| wrong(&json), |amount| plain(amount.to_string().into()))
        }
        (Kind::Float, _) => {
            bounded(&json, field.places, MAX_QUANTITY, field.signed).map_or_else(|| wrong(&json), |amount| plain(amount.to_string().into()))
        }
        _ => plain(read),
    }
}

fn named(model: &Model, field: &Field, name: &str) -> Result<Value, String> {
    if name.chars().count() > MAX_NAME {
        return Err(format!("Field '{}' of {} has a name of more than {MAX_NAME} characters", field.name, model.name));
    }
    // What was meant as an id must not become a record of that name
    if field.by_name == ByName::OrNew && name.trim_start_matches(['-', '+']).bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "Wrong value for {}.{}: the text \"{name}\" is neither an id, which is a number without quotes, nor a name, which has more than digits",
            model.name, field.name
        ));
    }
    Ok(Value::Name(name.to_owned()))
}

/// A value for an error: a client's own, cut short, and nothing of what is personal or secret.
fn shown(field: &Field, json: &Json) -> String {
    if field.personal || field.is_write_only() || field.kind == Kind::Binary {
        strict::kind(json).to_owned()
    } else {
        clip(&json.to_string()).into_owned()
    }
}

/// A whole number, as a number or its text.
pub fn whole(json: &Json) -> Option<i64> {
    let of_text = |text: &str| {
        let (digits, places) = text.split_once('.').unwrap_or((text, ""));
        if places.bytes().all(|byte| byte == b'0') { digits.parse().ok() } else { None }
    };
    match json {
        Json::Number(number) => number.as_i64().or_else(|| of_text(&number.to_string())),
        Json::String(text) => of_text(text.trim()),
        _ => None,
    }
}

/// True or false, in every form that clients write it in.
pub fn truth(json: &Json) -> Option<bool> {
    match json {
        Json::Bool(truth) => Some(*truth),
        Json::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Json::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        Json::Number(_) | Json::String(_) => match whole(json)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        _ => None,
    }
}

/// A quantity, of three places at most.
pub fn quantity(json: &Json) -> Option<Decimal> {
    bounded(json, 3, MAX_QUANTITY, false)
}

/// An amount of money, of two places.
pub fn money(json: &Json) -> Option<Decimal> {
    bounded(json, 2, MAX_MONEY, false)
}

fn bounded(json: &Json, places: u32, most: i64, signed: bool) -> Option<Decimal> {
    let amount = decimal(json).filter(|amount| signed || !amount.is_sign_negative() || amount.is_zero())?;
    // A sender's float may carry digits that no price has
    let amount = amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    // Never -0
    (amount.abs() < Decimal::from(most)).then(|| if amount.is_zero() { amount.abs() } else { amount })
}

/// A decimal number, plain or scientific, as a number or its text; none that only Rust would take for one.
pub fn decimal(json: &Json) -> Option<Decimal> {
    let text = match json {
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    if !text.bytes().all(|b| b.is_ascii_digit() || b".+-eE".contains(&b)) {
        return None;
    }
    text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// A decimal number as Odoo prints a float: with a point, always.
pub fn printed(number: Decimal) -> String {
    let number = number.normalize();
    if number.scale() == 0 { format!("{number}.0") } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
    fn what_may_be_negative_is_bounded_on_both_sides() {
        let model = Model::new("x.y", "x_y", "X", vec![], |_| crate::Access::all());
        let field = Field::new("f", Kind::Float, "F").signed().places(6);
        for (json, stored) in [(json!(-1), "-1"), (json!("-0.0100351"), "-0.010035"), (json!(-0.0000001), "0"), (json!(7), "7")] {
            let Value::Plain(Json::String(text)) = value(&model, &field, json.clone()).unwrap() else { panic!() };
            assert_eq!(text.parse::<Decimal>().unwrap(), stored.parse::<Decimal>().unwrap(), "{json}");
            assert!(text != "-0" && !text.starts_with("-0.000000"), "{text}");
        }
        assert!(value(&model, &field, json!(-1_000_000_000)).is_err() && kind(Kind::Float, json!(-1)).is_err());
    }

    #[test]
    fn odoos_lenience_is_kept() {
        for (of, sent, read_as) in [
            (Kind::Char(9), json!(12), json!("12")),
            (Kind::Char(9), json!("  a "), json!("a")),
            (Kind::Boolean, json!("False"), json!(false)),
            (Kind::Boolean, json!("True"), json!(true)),
            (Kind::Boolean, json!(" tRUE "), json!(true)),
            (Kind::Boolean, json!("1"), json!(true)),
            (Kind::Boolean, json!("0"), json!(false)),
            (Kind::Boolean, json!(0), json!(false)),
            (Kind::Boolean, json!(1.0), json!(true)),
            (Kind::Integer, json!("7"), json!(7)),
            (Kind::Integer, json!(7.0), json!(7)),
            (Kind::Integer, json!(" 7.00 "), json!(7)),
            (Kind::Selection(&["0", "1"]), json!(1), json!("1")),
            (Kind::Many2one("x"), json!("7"), json!(7)),
            (Kind::Many2one("x"), json!(7.0), json!(7)),
            (Kind::Date, json!("1993-11-03T10:00:00.000Z"), json!("1993-11-03")),
            (Kind::Datetime, json!("30/07/23 12:23:15"), json!("2023-07-30T11:23:15+00:00")),
        ] {
            assert_eq!(kind(of, sent.clone()), Ok(Value::Plain(read_as)), "{sent}");
        }
    }

    #[test]
    fn nothing_is_unset_in_every_form_in_every_field() {
        let unset = [json!(null), json!(false), json!(""), json!("  ")];
        for (of, is) in [
            (Kind::Char(9), json!(null)),
            (Kind::Text(9), json!(null)),
            (Kind::Selection(&["a"]), json!(null)),
            (Kind::Boolean, json!(false)),
            (Kind::Integer, json!(0)),
            (Kind::Monetary, json!("0")),
            (Kind::Float, json!("0")),
            (Kind::Date, json!(null)),
            (Kind::Datetime, json!(null)),
            (Kind::Many2one("x"), json!(null)),
            (Kind::Many2many("x"), json!([])),
        ] {
            for json in &unset {
                assert_eq!(kind(of.clone(), json.clone()), Ok(Value::Plain(is.clone())), "{of:?} {json}");
            }
        }
    }

    #[test]
    fn a_text_of_digits_makes_no_record() {
        let model = Model::new("x.y", "x_y", "X", vec![], |_| crate::Access::all());
        let field = Field::new("f", Kind::Many2one("z"), "F");
        let (known, new) = (field.clone().by_name(), field.by_name_or_new());
        assert_eq!(value(&model, &known, json!("16")), Ok(Value::Name("16".to_owned())), "a number of its own");
        assert_eq!(value(&model, &known, json!(16)), Ok(Value::Plain(json!(16))));
        assert_eq!(value(&model, &new, json!("3 M")), Ok(Value::Name("3 M".to_owned())));
        for digits in [" 5 ", "-5", "799999000123456789012"] {
            assert!(value(&model, &new, json!(digits)).unwrap_err().contains("neither an id"), "{digits}");
        }
        assert!(kind(Kind::Many2one("z"), json!("x")).unwrap_err().contains("the id of a record"));
    }

    #[test]
    fn what_a_write_takes_a_filter_takes() {
        for (of, json) in [
            (Kind::Char(9), json!(12)),
            (Kind::Boolean, json!("True")),
            (Kind::Integer, json!(5.0)),
            (Kind::Integer, json!("5")),
            (Kind::Monetary, json!("7.50")),
            (Kind::Float, json!(1)),
            (Kind::Date, json!("03/11/1993")),
            (Kind::Datetime, json!("2026-11-25T10:00+01")),
        ] {
            assert!(scalar(&Field::new("f", of.clone(), "F"), &json).is_some() && kind(of, json.clone()).is_ok(), "{json}");
        }
    }

    #[test]
    fn a_float_has_a_point() {
        for (number, text) in [("12", "12.0"), ("12.500", "12.5"), ("0", "0.0"), ("7.99", "7.99"), ("100000000000", "100000000000.0")] {
            assert_eq!(printed(number.parse().unwrap()), text);
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_what_was_expected() {
        let message = kind(Kind::Selection(&["a", "b"]), json!("zzz")).unwrap_err();
        assert_eq!(message, "Wrong value for x.y.f: \"zzz\" (one of a, b expected)");
        assert!(kind(Kind::Char(3), json!("four")).unwrap_err().contains("4 characters"));
        for (of, forms) in [(Kind::Date, ["2026-12-31", "31/12/2026"]), (Kind::Datetime, ["+0100", "31/12/26 23:59:59"])] {
            for wrong in [json!("2026-13-01"), json!("93-11-03"), json!("30-07-23 12:23:15"), json!(20), json!(true)] {
                let message = kind(of.clone(), wrong).unwrap_err();
                assert!(forms.iter().all(|form| message.contains(form)), "{message}");
            }
        }
        assert!(kind(Kind::Integer, json!(9.3e18)).is_err() && kind(Kind::Integer, json!(18446744073709551615_u64)).is_err());
    }
}
