//! The ORM's public methods as Odoo's clients know them: what every model has, and what their arguments are called.
//!
//! Source: Odoo 14 to 19, `odoo/models.py` and `odoo/orm/models.py`.

use std::collections::BTreeMap;

use jsonrpc::{Fault, Params};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::model::clip;

/// How many records one call may name.
pub const MAX_IDS: usize = 10_000;

/// A public method of the ORM.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// Whether it is called on records: their ids come before its arguments.
    pub on_records: bool,
    /// Whether it only reads.
    pub is_read: bool,
    /// In the order in which they may be given without a name.
    pub arguments: &'static [Argument],
    /// What it answers.
    pub about: &'static str,
}

/// An argument of the ORM's method.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// What other versions of Odoo call it.
    pub also: &'static str,
    /// What it is where it is not given, as JSON; none: it must be given.
    pub default: Option<&'static str>,
}

const fn needed(name: &'static str) -> Argument {
    Argument { name, also: "", default: None }
}

const fn or(name: &'static str, default: &'static str) -> Argument {
    Argument { name, also: "", default: Some(default) }
}

const fn called(also: &'static str, argument: Argument) -> Argument {
    Argument { also, ..argument }
}

const fn reads(name: &'static str, arguments: &'static [Argument], about: &'static str) -> Method {
    Method { name, on_records: false, is_read: true, arguments, about }
}

const fn reads_records(name: &'static str, arguments: &'static [Argument], about: &'static str) -> Method {
    Method { on_records: true, ..reads(name, arguments, about) }
}

const fn changes(name: &'static str, arguments: &'static [Argument], about: &'static str) -> Method {
    Method { is_read: false, ..reads(name, arguments, about) }
}

const fn changes_records(name: &'static str, arguments: &'static [Argument], about: &'static str) -> Method {
    Method { on_records: true, ..changes(name, arguments, about) }
}

const DOMAIN: Argument = called("args", or("domain", "[]"));

/// All of them, by name.
pub const METHODS: &[Method] = &[
    reads_records("check_access", &[needed("operation")], "An error where the user may not do it to these records; else nothing."),
    reads(
        "check_access_rights",
        &[needed("operation"), or("raise_exception", "true")],
        "Whether the user may read, create, write or unlink records of the model at all.",
    ),
    changes_records("copy", &[or("default", "null")], "Copies of the records with other values by `default`; their ids, or the one."),
    changes("create", &[called("vals", needed("vals_list"))], "Makes a record of an object, or several of a list; their ids, or the one."),
    reads("default_get", &[called("fields", needed("fields_list"))], "What these fields are where nothing else is said."),
    reads_records("exists", &[], "Those of the records that are there."),
    reads_records(
        "export_data",
        &[called("fields", needed("fields_to_export")), or("raw_data", "false")],
        "A row of values for each record; `id` is its external id, `field/id` another record's, `.id` the number.",
    ),
    reads(
        "fields_get",
        &[called("fields", or("allfields", "null")), or("attributes", "null")],
        "What the model's fields are: type, label, relation and more.",
    ),
    reads(
        "formatted_read_group",
        &[
            DOMAIN,
            or("groupby", "[]"),
            or("aggregates", "[]"),
            or("having", "[]"),
            or("offset", "0"),
            or("limit", "null"),
            or("order", "null"),
        ],
        "Groups with their sums, as Odoo 18 answers them.",
    ),
    reads_records("get_external_id", &[], "Each record's external id, by its number; an empty text where it has none."),
    reads_records("get_metadata", &[], "Who made and changed the records, when, and their external ids."),
    reads_records("has_access", &[needed("operation")], "Whether the user may do it to these records."),
    changes("load", &[needed("fields"), needed("data")], "Makes and changes records of rows of texts, by their external ids."),
    changes("name_create", &[needed("name")], "Makes a record of its name alone; its id and name."),
    reads_records("name_get", &[], "Each record's id and name."),
    reads(
        "name_search",
        &[or("name", "\"\""), called("domain", or("args", "[]")), or("operator", "\"ilike\""), or("limit", "100")],
        "Id and name of the records whose name matches.",
    ),
    reads_records(
        "read",
        &[or("fields", "null"), or("load", "\"_classic_read\"")],
        "The records' fields; without `load` many2one are pairs.",
    ),
    reads(
        "read_group",
        &[DOMAIN, needed("fields"), needed("groupby"), or("offset", "0"), or("limit", "null"), or("orderby", "false"), or("lazy", "true")],
        "Groups with their sums, each with the domain of its records.",
    ),
    reads(
        "search",
        &[called("args", needed("domain")), or("offset", "0"), or("limit", "null"), or("order", "null"), or("count", "false")],
        "The ids of the records that match.",
    ),
    reads("search_count", &[called("args", needed("domain")), or("limit", "null")], "How many records match."),
    reads(
        "search_read",
        &[DOMAIN, or("fields", "null"), or("offset", "0"), or("limit", "null"), or("order", "null"), or("load", "\"_classic_read\"")],
        "The fields of the records that match.",
    ),
    changes_records("unlink", &[], "Removes the records."),
    reads_records("web_read", &[needed("specification")], "The records' fields as the specification nests them."),
    reads(
        "web_read_group",
        &[DOMAIN, needed("fields"), needed("groupby"), or("limit", "null"), or("offset", "0"), or("orderby", "false"), or("lazy", "true")],
        "Groups as `read_group` has them, and how many there are.",
    ),
    reads(
        "web_search_read",
        &[
            DOMAIN,
            called("fields", needed("specification")),
            or("offset", "0"),
            or("limit", "null"),
            or("order", "null"),
            or("count_limit", "null"),
        ],
        "The records that match as the specification nests them, and how many there are.",
    ),
    changes_records("write", &[called("values", needed("vals"))], "Changes the records."),
];

/// The method of this name.
pub fn method(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

impl Method {
    /// Its arguments by their own names: what is given in order, then what is given by name. `ids` is among them where it is called on
    /// records, and `context` where one is given.
    ///
    /// # Errors
    /// Odoo's TypeError for what there is too much of, for what is given twice, for unknown names, for what is missing.
    pub fn arguments(&self, in_order: Vec<Box<RawValue>>, by_name: BTreeMap<String, Box<RawValue>>) -> Result<Params, Fault> {
        let taken = usize::from(self.on_records) + self.arguments.len();
        let told = |what: String| Err(Fault::type_error(format!("BaseModel.{}() {what}", self.name)));
        if in_order.len() > taken {
            let needed = 1 + usize::from(self.on_records) + self.arguments.iter().filter(|argument| argument.default.is_none()).count();
            let takes = if needed == taken + 1 { format!("{needed}") } else { format!("from {needed} to {}", taken + 1) };
            return told(format!("takes {takes} positional arguments but {} were given", in_order.len() + 1));
        }
        let mut params = Params::default();
        let names = self.on_records.then_some("ids").into_iter().chain(self.arguments.iter().map(|argument| argument.name));
        for (name, raw) in names.zip(in_order) {
            params.set_raw(name, &raw);
        }
        for (given, raw) in by_name {
            let is_called = |argument: &&Argument| argument.name == given || (!argument.also.is_empty() && argument.also == given);
            let name = match self.arguments.iter().find(is_called) {
                Some(argument) => argument.name,
                None if given == "context" || (given == "ids" && self.on_records) => given.as_str(),
                None => return told(format!("got an unexpected keyword argument '{}'", clip(&given))),
            };
            if params.raw(name).is_some() {
                return told(format!("got multiple values for argument '{name}'"));
            }
            params.set_raw(name, &raw);
        }
        let missing = |argument: &&Argument| argument.default.is_none() && params.raw(argument.name).is_none();
        if let Some(argument) = self.arguments.iter().find(missing) {
            return told(format!("missing 1 required positional argument: '{}'", argument.name));
        }
        if self.on_records {
            let ids = ids(params.raw("ids"))?;
            params.set("ids", &ids);
        }
        Ok(params)
    }
}

/// The records that a call names: an id, or a list of them; numbers may be texts, nothing is none.
///
/// # Errors
/// 422 for what is not an id, and for too many.
pub fn ids(raw: Option<&RawValue>) -> Result<Vec<i64>, Fault> {
    let unread = || Fault::validation("`ids`: a record's id, or a list of them, was expected");
    let one = |json: &Json| match json {
        Json::Number(id) => id.as_i64(),
        Json::String(id) => id.trim().parse().ok(),
        _ => None,
    };
    let Some(raw) = raw else { return Ok(Vec::new()) };
    match serde_json::from_str(raw.get()).map_err(|error| Fault::unread("ids", &error))? {
        Json::Null | Json::Bool(false) => Ok(Vec::new()),
        Json::Array(ids) if ids.len() > MAX_IDS => {
            Err(Fault::validation(format!("`ids`: more than {MAX_IDS} records: name fewer at a time")))
        }
        Json::Array(ids) => ids.iter().map(|id| one(id).ok_or_else(unread)).collect(),
        single => Ok(vec![one(&single).ok_or_else(unread)?]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arguments(name: &str, in_order: Json, by_name: Json) -> Result<Json, String> {
        let in_order = serde_json::from_value(in_order).unwrap();
        let params = method(name).unwrap().arguments(in_order, serde_json::from_value(by_name).unwrap());
        params.map(|params| serde_json::to_value(params).unwrap()).map_err(|fault| format!("{}: {}", fault.name, fault.message))
    }

    #[test]
    fn arguments_are_found_by_their_places_and_by_any_of_their_names() {
        assert_eq!(arguments("search", json!([[["id", ">", 1]], 5]), json!({})), Ok(json!({"domain": [["id", ">", 1]], "offset": 5})));
        assert_eq!(arguments("search", json!([]), json!({"args": []})), Ok(json!({"domain": []})));
        assert_eq!(arguments("read", json!([3, ["name"]]), json!({})), Ok(json!({"ids": [3], "fields": ["name"]})));
        assert_eq!(arguments("read", json!([["3", 4]]), json!({"context": {}})), Ok(json!({"ids": [3, 4], "context": {}})));
        assert_eq!(arguments("create", json!([{"name": "x"}]), json!({})), Ok(json!({"vals_list": {"name": "x"}})));
        assert_eq!(arguments("write", json!([]), json!({"ids": 7, "values": {}})), Ok(json!({"ids": [7], "vals": {}})));
    }

    #[test]
    fn arguments_that_do_not_fit_are_told_in_pythons_words() {
        for (name, in_order, by_name, told) in [
            ("search_count", json!([1, 2, 3, 4, 5]), json!({}), "takes from 2 to 3 positional arguments but 6 were given"),
            ("search", json!([1, 2, 3, 4, 5, 6, 7]), json!({}), "takes from 2 to 6 positional arguments but 8 were given"),
            ("write", json!([[1]]), json!({}), "missing 1 required positional argument: 'vals'"),
            ("read", json!([[1]]), json!({"field": []}), "got an unexpected keyword argument 'field'"),
            ("search", json!([[]]), json!({"domain": []}), "got multiple values for argument 'domain'"),
            ("exists", json!([[1], 2]), json!({}), "takes 2 positional arguments but 3 were given"),
        ] {
            assert_eq!(arguments(name, in_order, by_name), Err(format!("builtins.TypeError: BaseModel.{name}() {told}")));
        }
        assert!(arguments("read", json!(["x"]), json!({})).unwrap_err().contains("a record's id"));
    }

    #[test]
    fn methods_stand_in_the_order_of_their_names() {
        assert!(METHODS.is_sorted_by_key(|method| method.name));
    }
}
