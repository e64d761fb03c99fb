//! What a list's address asks for: text, what it is narrowed down by, order, page, groups, columns.

use serde_json::{Value, json};

use crate::declared::Model;
use crate::hub::encode;
use crate::refused::Refused;
use crate::shown;
use crate::views;
use crate::visit::Visit;

/// How far a list is paged through; further on a filter is the way.
const MOST_PAGES: u64 = 100_000;

/// What a list's address asks for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The text of the one box.
    pub q: String,
    /// What the list is narrowed down by: field, how, value.
    pub filters: Vec<(String, How, String)>,
    /// A domain as JSON, from a chart, a group or a saved filter.
    pub domain: String,
    /// As the hub takes it.
    pub order: String,
    /// From 1.
    pub page: u64,
    /// The field that groups are made of.
    pub group: String,
    /// Columns that were chosen.
    pub columns: Vec<String>,
    /// Whether archived records are there too.
    pub archived: bool,
}

/// How a field is compared with what was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is this.
    Is,
    /// From this on.
    From,
    /// Up to this.
    To,
}

impl How {
    /// What stands before the field in an address.
    pub fn prefix(self) -> &'static str {
        match self {
            How::Is => "f",
            How::From => "from",
            How::To => "to",
        }
    }
}

impl Asked {
    /// Of a list's address. What names no field of the model is left to the hub to refuse.
    pub fn read(pairs: &[(String, String)]) -> Asked {
        let mut asked = Asked { page: 1, ..Asked::default() };
        for (name, value) in pairs {
            let value = value.trim();
            match (name.as_str(), name.split_once('.')) {
                ("q", _) => asked.q = value.chars().take(200).collect(),
                ("domain", _) => asked.domain = value.to_owned(),
                ("order", _) => asked.order = value.to_owned(),
                ("page", _) => asked.page = value.parse().unwrap_or(1).clamp(1, MOST_PAGES),
                ("group", _) => asked.group = value.to_owned(),
                ("col", _) => asked.columns.push(value.to_owned()),
                ("archived", _) => asked.archived = value == "1",
                (_, Some((how, field))) if !value.is_empty() => {
                    let how = [How::Is, How::From, How::To].into_iter().find(|known| known.prefix() == how);
                    asked.filters.extend(how.map(|how| (field.to_owned(), how, value.to_owned())));
                }
                // Not a list's
                _ => {}
            }
        }
        asked
    }

    /// The same list with something else: the address behind the question mark.
    pub fn with(&self, change: impl FnOnce(&mut Asked)) -> String {
        let mut asked = self.clone();
        change(&mut asked);
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                pairs.push((name.to_owned(), value.to_owned()));
            }
        };
        add("q", &asked.q);
        asked.filters.iter().for_each(|(field, how, value)| add(&format!("{}.{field}", how.prefix()), value));
        add("domain", &asked.domain);
        add("order", &asked.order);
        add("group", &asked.group);
        asked.columns.iter().for_each(|column| add("col", column));
        add("archived", if asked.archived { "1" } else { "" });
        add("page", &if asked.page > 1 { asked.page.to_string() } else { String::new() });
        let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        format!("?{}", pairs.join("&"))
    }

    /// What a door is told besides: whether archived records are there too.
    pub fn context(&self) -> Option<(&'static str, String)> {
        self.archived.then(|| ("context", json!({"active_test": false}).to_string()))
    }

    /// The value that was chosen for a field.
    pub fn chosen(&self, field: &str, how: How) -> &str {
        let found = self.filters.iter().find(|(known, of, _)| known == field && *of == how);
        found.map_or("", |(_, _, value)| value.as_str())
    }

    /// The domain that all of it comes to.
    ///
    /// # Errors
    /// 422 for a domain that is no JSON list, or a day that is none.
    pub fn domain(&self, visit: &Visit, model: &Model) -> Result<Value, Refused> {
        let mut terms: Vec<Value> = Vec::new();
        if !self.domain.is_empty() {
            match serde_json::from_str(&self.domain) {
                Ok(Value::Array(given)) if self.domain.len() <= 4_000 => terms.extend(given),
                _ => return Err(Refused::of(422, "The filter of the address can't be read: a list in JSON was expected.")),
            }
        }
        for (field, how, value) in &self.filters {
            terms.push(term(visit, model, field, *how, value)?);
        }
        if !self.q.is_empty() {
            terms.extend(box_terms(model, &self.q));
        }
        Ok(Value::Array(terms))
    }
}

fn term(visit: &Visit, model: &Model, name: &str, how: How, value: &str) -> Result<Value, Refused> {
    let field = model.field(name).ok_or_else(|| Refused::of(422, &format!("Invalid field '{name}' on model '{}'", model.name)))?;
    let unset = value == "unset";
    Ok(match (how, field.kind.as_str()) {
        (How::Is, _) if unset => json!([name, "=", false]),
        (How::Is, _) if value == "set" => json!([name, "!=", false]),
        (How::Is, "boolean") => json!([name, "=", value == "true"]),
        (How::Is, "many2one" | "many2many") => match value.parse::<i64>() {
            Ok(id) => json!([
                name,
                if field.kind == "many2one" { "=" } else { "in" },
                if field.kind == "many2one" { json!(id) } else { json!([id]) }
            ]),
            Err(_) => json!([format!("{name}.display_name"), "ilike", value]),
        },
        (How::Is, "integer" | "float" | "monetary") => match value {
            "positive" => json!([name, ">", 0]),
            number => json!([name, "=", shown::typed_number(number).unwrap_or_else(|| number.to_owned())]),
        },
        (How::Is, "selection") => json!([name, "=", value]),
        (How::Is, _) => json!([name, "ilike", value]),
        (How::From | How::To, kind) => {
            let op = if how == How::From { ">=" } else { "<=" };
            let bound = match kind {
                // A day is from its midnight there to the next
                "datetime" => {
                    let at = format!("{value}T{}", if how == How::From { "00:00:00" } else { "23:59:59" });
                    let unread = || Refused::of(422, &format!("`{name}`: a day as 2026-11-26 was expected"));
                    shown::moment_from_input(visit.zone, &at).ok_or_else(unread)?
                }
                "integer" | "float" | "monetary" => shown::typed_number(value).unwrap_or_else(|| value.to_owned()),
                _ => value.to_owned(),
            };
            json!([name, op, bound])
        }
    })
}

/// An address' domain with what a list has fixed.
pub fn fixed_with(given: &str, fixed: &[Value]) -> String {
    if fixed.is_empty() {
        return given.to_owned();
    }
    let mut terms = serde_json::from_str::<Vec<Value>>(given).unwrap_or_else(|_| Vec::new());
    terms.extend(fixed.iter().cloned());
    Value::Array(terms).to_string()
}

/// What the one box says, of any of the fields that it searches, in prefix form.
fn box_terms(model: &Model, text: &str) -> Vec<Value> {
    if let Some(id) = views::numbered(&model.name, text) {
        return vec![json!(["id", "=", id])];
    }
    let is_number = |path: &str| model.field(path).is_some_and(|field| matches!(field.kind.as_str(), "integer"));
    let terms = views::searched(model).into_iter().filter_map(|path| match is_number(path) {
        true => text.parse::<i64>().ok().map(|number| json!([path, "=", number])),
        false => Some(json!([path, "ilike", text])),
    });
    let terms: Vec<Value> = terms.collect();
    let ors = std::iter::repeat_n(json!("|"), terms.len().saturating_sub(1));
    ors.chain(terms).collect()
}
