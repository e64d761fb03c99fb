//! What a POST came with, as it was read: two that were read alike are the same, whatever their bytes. What is unset, null or
//! empty is left out, texts are trimmed and folded as their fields are, numbers are numbers, moments are in UTC.

use domain::names;
use serde_json::{Map, Value as Json, json};

use crate::model::{Field, Kind, Model};
use crate::values::{self, Value, is_unset};

/// What a create takes: the fields of a model, and parts that have fields of their own.
#[derive(Clone, Debug)]
pub struct Shape<'m> {
    model: &'m Model,
    parts: Vec<(&'static str, Shape<'m>)>,
    aliases: Vec<(&'static str, &'static str)>,
    beside: Vec<&'static str>,
}

impl<'m> Shape<'m> {
    /// The fields of a model.
    pub fn of(model: &'m Model) -> Shape<'m> {
        Shape { model, parts: Vec::new(), aliases: Vec::new(), beside: vec!["create_by"] }
    }

    /// With an object, or a list of objects, that has the fields of another.
    pub fn with(mut self, name: &'static str, part: Shape<'m>) -> Shape<'m> {
        self.parts.push((name, part));
        self
    }

    /// With another name of a field.
    pub fn alias(mut self, alias: &'static str, name: &'static str) -> Shape<'m> {
        self.aliases.push((alias, name));
        self
    }

    /// Without what does not count.
    pub fn without(mut self, name: &'static str) -> Shape<'m> {
        self.beside.push(name);
        self
    }

    /// Data as it is read. What is wrong in it stays as it came: it is refused later, and so never the same as anything.
    pub fn read(&self, data: &Map<String, Json>) -> Json {
        let mut read = Map::new();
        for (name, json) in data.iter().filter(|(name, _)| !self.beside.contains(&name.as_str())) {
            let name = self.aliases.iter().find(|(alias, _)| alias == name).map_or(name.as_str(), |(_, name)| *name);
            let part = self.parts.iter().find(|(part, _)| *part == name).map(|(_, part)| part);
            let value = match (part, self.model.field(name)) {
                (Some(part), _) => part.read_part(json),
                (None, Some(field)) => read_field(self.model, field, json),
                (None, None) => plain(json),
            };
            if let Some(value) = value {
                read.insert(name.to_owned(), value);
            }
        }
        read.into()
    }

    fn read_part(&self, json: &Json) -> Option<Json> {
        match json {
            Json::Object(data) => Some(self.read(data)).filter(|read| read.as_object().is_none_or(|read| !read.is_empty())),
            Json::Array(items) if items.is_empty() => None,
            Json::Array(items) => Some(items.iter().map(|item| self.read_part(item).unwrap_or_default()).collect()),
            other => plain(other),
        }
    }
}

fn read_field(model: &Model, field: &Field, json: &Json) -> Option<Json> {
    match values::value(model, field, json.clone()) {
        Ok(Value::Plain(Json::Null)) => None,
        // False is unset but where true is the default
        Ok(Value::Plain(Json::Bool(false))) if field.default.is_none() => None,
        Ok(Value::Plain(read)) if matches!(field.kind, Kind::Integer | Kind::Monetary | Kind::Float) => number(&read),
        Ok(Value::Plain(Json::Array(ids))) if ids.is_empty() => None,
        Ok(Value::Plain(read)) => Some(read),
        Ok(Value::Name(name)) if field.kind.comodel().is_some_and(|comodel| comodel.starts_with("res.country")) => {
            Some(names::place(&name).into())
        }
        Ok(Value::Name(name)) => Some(names::folded(&name).into()),
        Ok(Value::Change { push, pop }) if push.is_empty() && pop.is_empty() => None,
        Ok(Value::Change { push, pop }) => Some(json!({"push": push, "pop": pop})),
        Err(_) => plain(json),
    }
}

/// A number that is not nought, in the one form that all numbers have: as a list, so that it is no text of the same digits.
fn number(json: &Json) -> Option<Json> {
    let amount = values::decimal(json)?;
    (!amount.is_zero()).then(|| json!([amount.normalize().to_string()]))
}

/// What no field reads.
pub fn plain(json: &Json) -> Option<Json> {
    match json {
        unset if is_unset(unset) => None,
        Json::String(text) => Some(text.trim().into()),
        Json::Number(machine) => {
            Some(values::decimal(json).map_or_else(|| machine.to_string().into(), |amount| json!([amount.normalize().to_string()])))
        }
        Json::Array(items) => {
            Some(items.iter().map(|item| plain(item).unwrap_or_default()).collect::<Json>()).filter(|read| *read != json!([]))
        }
        Json::Object(map) => {
            let read: Map<String, Json> = map.iter().filter_map(|(name, value)| Some((name.clone(), plain(value)?))).collect();
            (!read.is_empty()).then(|| read.into())
        }
        Json::Bool(_) | Json::Null => Some(json.clone()),
    }
}

/// Keyed hashes of what a POST came with: under the key of today, which is kept, then under those before it. Each begins with
/// its key's name and a dot.
#[derive(Clone, Debug, Default)]
pub struct Posted(Vec<String>);

impl Posted {
    /// From its hashes.
    pub fn new(hashes: Vec<String>) -> Posted {
        Posted(hashes)
    }

    /// What is to be kept of it.
    pub fn hash(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }

    /// The hash under each key.
    pub fn hashes(&self) -> &[String] {
        &self.0
    }

    /// Whether what was kept is of the same; none where nothing was kept, or under a key that is not ours any more.
    pub fn is_same(&self, kept: Option<&str>) -> Option<bool> {
        let kept = kept?;
        let (key, _) = kept.split_once('.')?;
        let under = |hash: &&String| hash.split_once('.').is_some_and(|(of, _)| of == key);
        self.0.iter().find(under).map(|own| own == kept)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Access;

    fn model(name: &'static str, fields: Vec<Field>) -> Model {
        Model::new(name, "t", "T", fields, |_| Access::all())
    }

    fn order() -> Model {
        model(
            "x.order",
            vec![
                Field::new("cart_id", Kind::Integer, "Cart"),
                Field::new("email", Kind::Char(50), "E-mail").lower(),
                Field::new("name", Kind::Char(50), "Name"),
                Field::new("salary", Kind::Monetary, "Salary"),
                Field::new("born", Kind::Date, "Born"),
                Field::new("at", Kind::Datetime, "At"),
                Field::new("is_pos", Kind::Boolean, "POS"),
                Field::new("active", Kind::Boolean, "Active").default("true"),
                Field::new("state_id", Kind::Many2one("res.country.state"), "Wilaya").by_name(),
                Field::new("brand", Kind::Many2one("x.brand"), "Brand").by_name_or_new(),
                Field::new("tags", Kind::Many2many("x.tag"), "Tags"),
            ],
        )
    }

    fn line() -> Model {
        model("x.line", vec![Field::new("quantity", Kind::Float, "Quantity"), Field::new("ref", Kind::Char(50), "Reference")])
    }

    fn read(json: Json) -> Json {
        let (order, line) = (order(), line());
        Shape::of(&order).with("lines", Shape::of(&line)).alias("code", "name").read(json.as_object().unwrap())
    }

    #[test]
    fn what_is_read_alike_is_the_same() {
        let whole = json!({"cart_id": 259, "email": "a@b.dz", "name": "A B", "salary": 900_000, "born": "1993-11-03",
            "at": "2026-11-25T10:00:00+01:00", "state_id": "Tizi Ouzou", "brand": "Électro", "tags": [1, 2],
            "lines": [{"quantity": 1, "ref": "7"}, {"quantity": 2.5, "ref": "B"}]});
        for (name, other) in [
            ("cart_id", json!("259")),
            ("cart_id", json!(259.0)),
            ("email", json!(" A@B.DZ ")),
            ("name", json!(" A B")),
            ("salary", json!(900_000.0)),
            ("salary", json!("900000.00")),
            ("born", json!("03/11/1993")),
            ("born", json!("1993-11-03T00:00:00Z")),
            ("at", json!("2026-11-25 09:00")),
            ("at", json!("25/11/26 10:00:00")),
            ("state_id", json!("15 - TIZI-OUZOU")),
            ("brand", json!("ELECTRO")),
            ("tags", json!([[6, 0, ["2", 1]]])),
            ("file_info", json!(null)),
            ("file_info", json!({"progress": null})),
            ("is_pos", json!("False")),
            ("is_pos", json!(0)),
            ("unknown", json!("")),
            ("create_by", json!("EKICLIK")),
            ("lines", json!([{"quantity": 1.0, "ref": 7, "more": null}, {"quantity": "2.50", "ref": " B "}])),
        ] {
            let mut same = whole.clone();
            same[name] = other.clone();
            assert_eq!(read(same), read(whole.clone()), "{name}: {other}");
        }
        assert_eq!(read(json!({"code": "x"})), read(json!({"name": "x"})));
        for (name, other) in [
            ("cart_id", json!(260)),
            ("name", json!("a b")),
            ("salary", json!(900_000.01)),
            ("born", json!("1993-11-04")),
            ("at", json!("2026-11-25 10:00")),
            ("state_id", json!("Oran")),
            ("state_id", json!(15)),
            ("active", json!(false)),
            ("is_pos", json!(true)),
            ("tags", json!({"push": [1, 2]})),
            ("lines", json!([{"quantity": 2.5, "ref": "B"}, {"quantity": 1, "ref": "7"}])),
        ] {
            let mut different = whole.clone();
            different[name] = other.clone();
            assert_ne!(read(different), read(whole.clone()), "{name}: {other}");
        }
    }

    #[test]
    fn a_kept_hash_is_compared_under_its_own_key() {
        let posted = Posted::new(vec!["new.aa".to_owned(), "old.bb".to_owned()]);
        assert_eq!(posted.hash(), Some("new.aa"));
        assert_eq!(posted.is_same(Some("new.aa")), Some(true));
        assert_eq!(posted.is_same(Some("old.bb")), Some(true));
        assert_eq!(posted.is_same(Some("old.aa")), Some(false));
        for unknown in [None, Some("gone.aa"), Some("aa")] {
            assert_eq!(posted.is_same(unknown), None);
        }
    }

    proptest! {
        #[test]
        fn reading_forgets_form_and_nothing_else(cart in 1_i64..1_000_000, salary in 0_i64..10_000_000, name in "[a-z]{1,8}") {
            let sent = json!({"cart_id": cart, "salary": format!("{}.{:02}", salary / 100, salary % 100), "name": name});
            let same = json!({"cart_id": cart.to_string(), "salary": format!("{}.{:02}00", salary / 100, salary % 100),
                "name": format!(" {name} "), "email": "", "brand": null});
            prop_assert_eq!(read(sent.clone()), read(same));
            let other = json!({"cart_id": cart + 1, "salary": sent["salary"], "name": name});
            prop_assert_ne!(read(sent), read(other));
        }
    }
}
