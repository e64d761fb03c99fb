//! The models that Odoo keeps about itself, as far as its clients read them: `ir.model`, `ir.model.fields`, `ir.config_parameter` and
//! `res.lang`. They are made of what the services tell, are read by everybody and written by nobody.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use bytes::Bytes;
use jsonrpc::{Fault, Params};
use records::methods::Method;
use records::model::clip;
use records::request::MAX_OFFSET;
use records::values::{is_unset, whole};
use records::{Filter, Leaf, Op, Operand};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::auth::Session;
use crate::incoming::Incoming;
use crate::known::Models;
// circle: mod: these are models of what Odoo is here

type Row = Map<String, Value>;

/// A field of one of them: name, type, label, the model that it leads to.
type Field = (&'static str, &'static str, &'static str, &'static str);

struct Own {
    name: &'static str,
    label: &'static str,
    /// What names a record.
    rec_name: &'static str,
    fields: &'static [Field],
}

const OWN: &[Own] = &[
    Own {
        name: "ir.config_parameter",
        label: "System Parameter",
        rec_name: "key",
        fields: &[("key", "char", "Key", ""), ("value", "text", "Value", "")],
    },
    Own {
        name: "ir.model",
        label: "Models",
        rec_name: "name",
        fields: &[
            ("name", "char", "Model Description", ""),
            ("model", "char", "Model", ""),
            ("info", "text", "Information", ""),
            ("state", "selection", "Type", ""),
            ("transient", "boolean", "Transient Model", ""),
            ("abstract", "boolean", "Abstract Model", ""),
            ("modules", "char", "In Apps", ""),
            ("field_id", "one2many", "Fields", "ir.model.fields"),
        ],
    },
    Own {
        name: "ir.model.fields",
        label: "Fields",
        rec_name: "field_description",
        fields: &[
            ("name", "char", "Field Name", ""),
            ("field_description", "char", "Field Label", ""),
            ("model", "char", "Model Name", ""),
            ("model_id", "many2one", "Model", "ir.model"),
            ("ttype", "selection", "Field Type", ""),
            ("relation", "char", "Related Model", ""),
            ("relation_field", "char", "Relation Field", ""),
            ("required", "boolean", "Required", ""),
            ("readonly", "boolean", "Readonly", ""),
            ("store", "boolean", "Stored", ""),
            ("help", "text", "Field Help", ""),
            ("state", "selection", "Type", ""),
            ("modules", "char", "In Apps", ""),
        ],
    },
    Own {
        name: "res.lang",
        label: "Languages",
        rec_name: "name",
        fields: &[
            ("name", "char", "Name", ""),
            ("code", "char", "Locale Code", ""),
            ("iso_code", "char", "ISO code", ""),
            ("url_code", "char", "URL Code", ""),
            ("active", "boolean", "Active", ""),
            ("direction", "selection", "Direction", ""),
            ("date_format", "char", "Date Format", ""),
            ("time_format", "char", "Time Format", ""),
            ("decimal_point", "char", "Decimal Separator", ""),
            ("thousands_sep", "char", "Thousands Separator", ""),
            ("week_start", "selection", "First Day of Week", ""),
        ],
    },
];

fn own(model: &str) -> Option<&'static Own> {
    OWN.iter().find(|own| own.name == model)
}

/// Whether the gateway itself keeps a model.
pub fn is_own(model: &str) -> bool {
    own(model).is_some()
}

/// A number that a name has for ever, in every process: it fits 31 bits, as Odoo's ids do.
fn number(name: &str) -> i64 {
    let digest = Sha256::digest(name);
    digest.iter().take(4).fold(0, |number, byte| number << 8 | i64::from(*byte)) & 0x7fff_ffff
}

/// What the services' fields are called in `fields_get`, and those of the gateway's own models.
fn fields_of(models: &Models) -> Vec<(&str, &str, BTreeMap<String, Value>)> {
    let theirs = models.iter().map(|(name, model)| (name.as_str(), model.label.as_str(), model.fields.clone()));
    let ours = OWN.iter().map(|own| (own.name, own.label, own.described()));
    let mut all: Vec<_> = theirs.chain(ours).collect();
    all.sort_unstable_by_key(|(name, ..)| *name);
    all
}

impl Own {
    fn described(&self) -> BTreeMap<String, Value> {
        let all =
            [("id", "integer", "ID", ""), ("display_name", "char", "Display Name", "")].into_iter().chain(self.fields.iter().copied());
        let described = all.map(|(name, kind, label, relation)| {
            let mut about = json!({"type": kind, "name": name, "string": label, "required": false, "readonly": true, "store": true,
                "searchable": true, "sortable": true, "change_default": false, "company_dependent": false, "depends": [], "manual": false});
            if let (Some(about), false) = (about.as_object_mut(), relation.is_empty()) {
                about.insert("relation".to_owned(), relation.into());
            }
            (name.to_owned(), about)
        });
        described.collect()
    }

    fn has(&self, field: &str) -> bool {
        matches!(field, "id" | "display_name") || self.fields.iter().any(|(name, ..)| *name == field)
    }

    fn rows(&self, models: &Models, base_url: &str) -> Vec<Row> {
        let rows: Vec<Value> = match self.name {
            "ir.config_parameter" => vec![json!({"id": 1, "key": "web.base.url", "value": base_url})],
            "ir.model" => fields_of(models)
                .into_iter()
                .map(|(name, label, fields)| {
                    let ids: Vec<i64> = fields.keys().map(|field| number(&format!("{name}.{field}"))).collect();
                    json!({"id": number(name), "name": label, "model": name, "info": false, "state": "base", "transient": false,
                        "abstract": false, "modules": "echange", "field_id": ids})
                })
                .collect(),
            "ir.model.fields" => fields_of(models)
                .into_iter()
                .flat_map(|(model, label, fields)| {
                    fields.into_iter().map(move |(name, about)| {
                        let of = |key: &str| about.get(key).cloned().unwrap_or(Value::Bool(false));
                        json!({"id": number(&format!("{model}.{name}")), "name": name, "field_description": of("string"), "model": model,
                            "model_id": [number(model), label], "ttype": of("type"), "relation": of("relation"),
                            "relation_field": of("relation_field"), "required": of("required"), "readonly": of("readonly"),
                            "store": of("store"), "help": of("help"), "state": "base", "modules": "echange"})
                    })
                })
                .collect(),
            _ => [
                ("French / Français", "fr_FR", "fr", "ltr"),
                ("Arabic / الْعَرَبيّة", "ar_001", "ar", "rtl"),
                ("English (US)", "en_US", "en", "ltr"),
            ]
            .into_iter()
            .zip(1..)
            .map(|((name, code, iso, direction), id)| {
                json!({"id": id, "name": name, "code": code, "iso_code": iso, "url_code": iso, "active": true, "direction": direction,
                        "date_format": "%d/%m/%Y", "time_format": "%H:%M:%S", "decimal_point": if iso == "en" { "." } else { "," },
                        "thousands_sep": if iso == "en" { "," } else { " " }, "week_start": "7"})
            })
            .collect(),
        };
        let mut rows: Vec<Row> = rows.into_iter().filter_map(|row| if let Value::Object(row) = row { Some(row) } else { None }).collect();
        for row in &mut rows {
            let name = row.get(self.rec_name).cloned().unwrap_or(Value::Bool(false));
            row.insert("display_name".to_owned(), name);
        }
        rows
    }
}

/// Answers a method of one of these models.
///
/// # Errors
/// Odoo's: 403 for a change, 422 for what can't be read.
pub async fn answer(incoming: &Incoming, _: &Session, model: &str, method: &Method, params: &Params) -> Result<Bytes, Fault> {
    let own = own(model).ok_or_else(|| Fault::no_such_object(&clip(model)))?;
    let gateway = &incoming.gateway;
    let rows = own.rows(&*gateway.known.models().await?, &gateway.config.web_base_url);
    Ok(own.answered(rows, method.name, params)?.to_string().into())
}

impl Own {
    fn answered(&self, rows: Vec<Row>, method: &str, params: &Params) -> Result<Value, Fault> {
        let names: fn(&Row) -> Value = |row| json!([row.get("id"), row.get("display_name")]);
        let ids = || params.get::<Vec<i64>>("ids").map(Option::unwrap_or_default);
        let these = |ids: Vec<i64>| ids.into_iter().filter_map(|id| rows.iter().find(|row| id_of(row) == id)).collect::<Vec<_>>();
        Ok(match method {
            "search" => self.found(&rows, "domain", params)?.into_iter().map(id_of).collect(),
            "search_count" => self.found(&rows, "domain", params)?.len().into(),
            "search_read" => {
                let fields = self.wanted(params)?;
                self.found(&rows, "domain", params)?.into_iter().map(|row| told(row, &fields)).collect()
            }
            "read" => {
                let fields = self.wanted(params)?;
                these(ids()?).into_iter().map(|row| told(row, &fields)).collect()
            }
            "exists" => these(ids()?).into_iter().map(id_of).collect(),
            "name_get" => these(ids()?).into_iter().map(names).collect(),
            "name_search" => {
                let name = params.given::<String>("name")?.unwrap_or_default();
                let op = params.given::<String>("operator")?.unwrap_or_else(|| "ilike".to_owned());
                let named = self.parsed(&json!([["display_name", op, name]]))?;
                let most = params.given::<usize>("limit")?.unwrap_or(100);
                let mut found = Vec::new();
                for row in self.found(&rows, "args", params)? {
                    if found.len() < most && (name.is_empty() || self.holds(row, &named)?) {
                        found.push(names(row));
                    }
                }
                found.into()
            }
            "fields_get" => {
                let (wanted, attributes) = (params.given::<Vec<String>>("allfields")?, params.given::<Vec<String>>("attributes")?);
                let mut fields = self.described();
                fields.retain(|name, _| wanted.as_ref().is_none_or(|wanted| wanted.is_empty() || wanted.contains(name)));
                for about in fields.values_mut().filter_map(Value::as_object_mut) {
                    about.retain(|name, _| attributes.as_ref().is_none_or(|wanted| wanted.is_empty() || wanted.contains(name)));
                }
                json!(fields)
            }
            "default_get" => json!({}),
            "check_access_rights" | "has_access" | "check_access" => {
                let (operation, raises) = (params.need::<String>("operation")?, params.get::<bool>("raise_exception")?.unwrap_or(true));
                match (operation.as_str(), method) {
                    ("read", "check_access") => Value::Null,
                    ("read", _) => true.into(),
                    (_, "has_access") => false.into(),
                    (_, "check_access_rights") if !raises => false.into(),
                    _ => return Err(self.denied()),
                }
            }
            "create" | "write" | "unlink" | "copy" | "load" | "name_create" => return Err(self.denied()),
            other => return Err(Fault::no_such_method(self.name, other)),
        })
    }

    fn denied(&self) -> Fault {
        Fault::access_error(format!("You are not allowed to modify '{}' ({}) records.", self.label, self.name))
    }

    fn parsed(&self, domain: &Value) -> Result<Filter, Fault> {
        let raw = serde_json::value::to_raw_value(domain).map_err(|error| process::our_fault("gateway", "a domain is not JSON", &error))?;
        Filter::parse(&raw)
    }

    /// Those that a call means, in the order of their names, from its offset up to its limit.
    fn found<'r>(&self, rows: &'r [Row], domain: &str, params: &Params) -> Result<Vec<&'r Row>, Fault> {
        let filter = match params.raw(domain).filter(|raw| !matches!(raw.get(), "false" | "null")) {
            Some(raw) => Filter::parse(raw)?,
            None => Filter::all(),
        };
        let mut found = Vec::new();
        for row in rows {
            if self.holds(row, &filter)? {
                found.push(row);
            }
        }
        let order =
            params.given::<String>("order")?.unwrap_or_else(|| if self.has("model") { "model, id".to_owned() } else { "id".to_owned() });
        let mut keys = Vec::new();
        for key in order.split(',') {
            let mut words = key.split_whitespace();
            let name = words.next().unwrap_or_default();
            if !self.has(name) {
                return Err(Fault::value_error(format!("Invalid field '{}' on model '{}'", clip(name), self.name)));
            }
            keys.push((name, words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc"))));
        }
        found.sort_by(|a, b| {
            let compared = keys.iter().map(|(name, desc)| {
                let order = compared(a.get(*name).unwrap_or(&Value::Null), b.get(*name).unwrap_or(&Value::Null));
                if *desc { order.reverse() } else { order }
            });
            compared.fold(Ordering::Equal, Ordering::then)
        });
        let number = |name: &str| Ok::<_, Fault>(params.given::<Value>(name)?.as_ref().and_then(whole).filter(|number| *number > 0));
        let (offset, limit) = (number("offset")?.unwrap_or_default().min(MAX_OFFSET), number("limit")?.unwrap_or(i64::MAX));
        let as_size = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(found.into_iter().skip(as_size(offset)).take(as_size(limit)).collect())
    }

    /// The fields that a read names; none: all.
    fn wanted(&self, params: &Params) -> Result<Vec<String>, Fault> {
        let mut wanted = params.given::<Vec<String>>("fields")?.unwrap_or_default();
        if let Some(other) = wanted.iter().find(|name| !self.has(name)) {
            return Err(Fault::value_error(format!("Invalid field '{}' on model '{}'", clip(other), self.name)));
        }
        if wanted.is_empty() {
            wanted = self.described().into_keys().collect();
        }
        wanted.retain(|name| name != "id");
        wanted.insert(0, "id".to_owned());
        Ok(wanted)
    }

    fn holds(&self, row: &Row, filter: &Filter) -> Result<bool, Fault> {
        Ok(match filter {
            Filter::And(items) => {
                for item in items {
                    if !self.holds(row, item)? {
                        return Ok(false);
                    }
                }
                true
            }
            Filter::Or(items) => {
                for item in items {
                    if self.holds(row, item)? {
                        return Ok(true);
                    }
                }
                false
            }
            Filter::Not(item) => !self.holds(row, item)?,
            Filter::Leaf(leaf) => self.compares(row, leaf)?,
        })
    }

    fn compares(&self, row: &Row, leaf: &Leaf) -> Result<bool, Fault> {
        let path = leaf.path.join(".");
        let field = match path.as_str() {
            // The one relation of theirs, followed to the one field that clients ask for
            "model_id.model" => "model",
            other => other,
        };
        let Operand::Value(wanted) = &leaf.operand else {
            return Err(Fault::bad_domain(format!("Operator '{}' does not suit field '{}'", leaf.op.as_str(), clip(field))));
        };
        if !self.has(field) {
            let (model, op) = (self.name, leaf.op.as_str());
            return Err(Fault::bad_domain(format!("Invalid field {model}.{} in leaf ('{}', '{op}', {wanted})", clip(field), clip(&path))));
        }
        let unset = Value::Bool(false);
        let value = row.get(field).unwrap_or(&unset);
        let is = |wanted: &Value| match value {
            Value::Array(pair) if field == "model_id" => pair.iter().any(|part| part == wanted),
            Value::Array(ids) => ids.contains(wanted),
            value => value == wanted || (is_unset(value) && is_unset(wanted)) || (value.is_number() && whole(wanted) == value.as_i64()),
        };
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Array(pair) => pair.get(1).and_then(Value::as_str).unwrap_or_default().to_owned(),
            other => other.to_string(),
        };
        let among = |wanted: &Value| match wanted {
            Value::Array(items) => items.iter().any(is),
            one => is(one),
        };
        let folded = |value: &Value| domain::names::folded(&text(value));
        Ok(match leaf.op {
            Op::Eq | Op::In => among(wanted),
            Op::EqIfSet => is_unset(wanted) || is(wanted),
            Op::Ne | Op::NotIn => !among(wanted),
            Op::Like => like(&text(value), &format!("%{}%", text(wanted))),
            Op::NotLike => !like(&text(value), &format!("%{}%", text(wanted))),
            Op::ILike => like(&folded(value), &format!("%{}%", folded(wanted))),
            Op::NotILike => !like(&folded(value), &format!("%{}%", folded(wanted))),
            Op::EqLike => like(&text(value), &text(wanted)),
            Op::EqILike => like(&folded(value), &folded(wanted)),
            Op::Gt => compared(value, wanted) == Ordering::Greater,
            Op::Ge => compared(value, wanted) != Ordering::Less,
            Op::Lt => compared(value, wanted) == Ordering::Less,
            Op::Le => compared(value, wanted) != Ordering::Greater,
            Op::ChildOf | Op::ParentOf | Op::Any | Op::NotAny => {
                return Err(Fault::bad_domain(format!("Operator '{}' does not suit field '{}'", leaf.op.as_str(), clip(field))));
            }
        })
    }
}

/// SQL's LIKE of `%` and `_`. Each `%` is tried from the left, and only the last one is gone back to: the work is the product of two
/// lengths.
fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut of) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(of) {
            Some('%') => {
                back = Some((of, at));
                of += 1;
            }
            Some(c) if *c == '_' || text.get(at) == Some(c) => {
                at += 1;
                of += 1;
            }
            _ => match back {
                Some((percent, from)) => {
                    back = Some((percent, from + 1));
                    (at, of) = (from + 1, percent + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(of).all(|c| *c == '%')
}

fn compared(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (a, b) => a.to_string().cmp(&b.to_string()),
    }
}

fn id_of(row: &Row) -> i64 {
    row.get("id").and_then(Value::as_i64).unwrap_or_default()
}

fn told(row: &Row, fields: &[String]) -> Value {
    fields.iter().map(|name| (name.clone(), row.get(name).cloned().unwrap_or(Value::Bool(false)))).collect::<Row>().into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn asked(model: &str, method: &str, params: Value) -> Result<Value, Fault> {
        let own = own(model).unwrap();
        own.answered(own.rows(&Models::new(), "https://hub"), method, &serde_json::from_value(params).unwrap())
    }

    #[test]
    fn models_are_found_by_what_clients_ask_for() {
        let found = asked("ir.model", "search_read", json!({"domain": [["model", "=", "res.lang"]], "fields": ["model", "name"]})).unwrap();
        assert_eq!(found, json!([{"id": number("res.lang"), "model": "res.lang", "name": "Languages"}]));
        let counted = |domain: Value| asked("ir.model.fields", "search_count", json!({"domain": domain})).unwrap();
        assert_eq!(counted(json!([["model", "=", "res.lang"]])), json!(13));
        assert_eq!(counted(json!([["model_id.model", "=", "res.lang"], ["name", "ilike", "CODE"]])), json!(3));
        assert_eq!(counted(json!(["|", ["model", "=like", "res.%"], ["ttype", "=", "one2many"]])), json!(14));
        assert_eq!(counted(json!(["!", ["model", "in", ["res.lang", "ir.model", "ir.model.fields"]]])), json!(4));
        let langs = asked("res.lang", "name_search", json!({"name": "fran"})).unwrap();
        assert_eq!(langs, json!([[1, "French / Français"]]));
        assert_eq!(asked("ir.config_parameter", "search_read", json!({})).unwrap()[0]["value"], "https://hub");
        let wrong = asked("ir.model", "search", json!({"domain": [["nosuch", "=", 1]]})).unwrap_err();
        assert_eq!(wrong.message, "Invalid field ir.model.nosuch in leaf ('nosuch', '=', 1)");
        assert_eq!(asked("ir.model", "write", json!({})).unwrap_err().status, 403);
    }

    #[test]
    fn every_model_and_field_has_a_number_of_its_own() {
        let names: BTreeSet<String> =
            OWN.iter().flat_map(|own| own.described().into_keys().map(|field| format!("{}.{field}", own.name))).collect();
        let numbers: BTreeSet<i64> = names.iter().map(|name| number(name)).collect();
        assert_eq!(numbers.len(), names.len());
    }

    #[test]
    fn a_pattern_matches_as_in_sql() {
        for (text, pattern, matches) in
            [("abc", "%b%", true), ("abc", "a_c", true), ("abc", "b%", false), ("", "%", true), ("aXbXc", "a%X%c", true)]
        {
            assert_eq!(like(text, pattern), matches, "{text} {pattern}");
        }
    }
}
