//! A model's declaration as JSON Schema (2020-12), and what else a service tells of its models: what the API's document is
//! made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::commands::MAX_IDS;
use crate::model::{ByName, Field, Kind, Model};
use crate::values::{MAX_MONEY, MAX_QUANTITY, Mode};

/// What a create or write takes in `data`.
#[derive(Clone, Debug, Default)]
pub struct Body {
    properties: Map<String, Json>,
    required: Vec<String>,
    example: Option<Json>,
}

impl Body {
    /// The model's own fields that a client may write.
    pub fn of(model: &Model, mode: Mode) -> Body {
        let mut body = Body::default();
        for field in model.fields.iter().filter(|field| !field.readonly && !field.is_internal()) {
            if matches!(field.kind, Kind::Id | Kind::One2many { .. }) {
                continue;
            }
            let mut schema = told(field, written(field));
            if let (Some(default), Some(schema)) = (field.default, schema.as_object_mut()) {
                let is_text = matches!(field.kind, Kind::Char(_) | Kind::Text(_) | Kind::Selection(_));
                // Kept as SQL has it, which for numbers and booleans is JSON; of an expression nothing can be told
                let default = if is_text { default.into() } else { serde_json::from_str(default).unwrap_or(Json::Null) };
                schema.insert("default".to_owned(), default);
            }
            body.properties.insert(field.name.to_owned(), schema);
            if field.required && mode == Mode::Create {
                body.required.push(field.name.to_owned());
            }
        }
        body
    }

    /// With something that is no field of the model, or is another as it is sent.
    pub fn with(mut self, name: &str, schema: Json) -> Body {
        self.properties.insert(name.to_owned(), schema);
        self
    }

    /// With something that must be there.
    pub fn with_required(self, name: &str, schema: Json) -> Body {
        let mut body = self.with(name, schema);
        if !body.required.iter().any(|known| known == name) {
            body.required.push(name.to_owned());
        }
        body
    }

    /// Without a field.
    pub fn without(mut self, name: &str) -> Body {
        self.properties.remove(name);
        self.required.retain(|known| known != name);
        self
    }

    /// With an example that works on the demo's data.
    pub fn example(mut self, data: Json) -> Body {
        self.example = Some(data);
        self
    }

    /// As JSON Schema. Nothing else may stand in it.
    pub fn schema(self) -> Json {
        let mut schema = json!({"type": "object", "properties": self.properties, "additionalProperties": false});
        if let Some(schema) = schema.as_object_mut() {
            if !self.required.is_empty() {
                schema.insert("required".to_owned(), self.required.into());
            }
            if let Some(example) = self.example {
                schema.insert("examples".to_owned(), json!([example]));
            }
        }
        schema
    }
}

/// A list of these.
pub fn list(of: Json, at_least: usize, at_most: usize) -> Json {
    json!({"type": "array", "items": of, "minItems": at_least, "maxItems": at_most})
}

/// A text of at least one character.
pub fn text(at_most: usize) -> Json {
    json!({"type": "string", "minLength": 1, "maxLength": at_most})
}

/// What is written to an x2many field. Its other forms stand in what is told of it: no typed client knows a list that may be an
/// object too.
pub fn x2many() -> Json {
    let mut ids = list(json!({}), 0, MAX_IDS);
    if let Some(ids) = ids.as_object_mut() {
        ids.insert("description".to_owned(), X2MANY_WORDS.into());
    }
    ids
}

/// The forms of an x2many field.
const X2MANY_WORDS: &str = "Ids, in place of those that are there; or Odoo's commands: `[[6, 0, [1, 2]]]`, `[[4, 3]]`, `[[3, 3]]`; \
    `{\"push\": [3]}`, `{\"pop\": [3]}` and `{\"delete\": [3]}` are taken too";

/// A field as a client may write it.
fn written(field: &Field) -> Json {
    let or_unset = |kind: &str| if field.required { json!(kind) } else { json!([kind, "null"]) };
    match &field.kind {
        Kind::Char(most) | Kind::Text(most) if field.required => text(*most),
        Kind::Char(most) | Kind::Text(most) => json!({"type": ["string", "null"], "maxLength": most}),
        Kind::Selection(options) => {
            let unset = (!field.required).then_some(Json::Null);
            json!({"type": or_unset("string"), "enum": options.iter().map(|option| Json::from(*option)).chain(unset).collect::<Vec<_>>()})
        }
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Id | Kind::Integer | Kind::One2many { .. } => {
            json!({"type": or_unset("integer"), "format": "int64", "minimum": i64::MIN, "maximum": i64::MAX})
        }
        Kind::Monetary => json!({"type": or_unset("number"), "minimum": 0, "exclusiveMaximum": MAX_MONEY}),
        Kind::Float => json!({"type": or_unset("number"), "minimum": 0, "exclusiveMaximum": MAX_QUANTITY}),
        Kind::Date => json!({"type": or_unset("string"), "format": "date"}),
        Kind::Datetime => json!({"type": or_unset("string"), "format": "date-time"}),
        Kind::Many2one(_) => {
            let id = json!({"type": or_unset("integer"), "format": "int64", "minimum": 1, "maximum": i64::MAX});
            if field.by_name == ByName::No { id } else { json!({"anyOf": [id, text(254)]}) }
        }
        Kind::Many2many(_) => x2many(),
        Kind::Binary => json!({"type": ["string", "null"], "contentEncoding": "base64"}),
    }
}

/// What is unset is `false`, as Odoo answers it. Programs that make clients of the document know no type of that one value.
fn or_false(schema: Json) -> Json {
    json!({"anyOf": [schema, {"type": "boolean"}]})
}

fn shared(name: &str) -> Map<String, Json> {
    Map::from_iter([("$ref".to_owned(), format!("#/components/schemas/{name}").into())])
}

/// What the fields of all models share, once: a client made of the document has one type for it.
pub fn components() -> Map<String, Json> {
    let moment = json!({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d-\d\d-\d\d$"});
    Map::from_iter([
        ("TextOrFalse".to_owned(), or_false(json!({"type": "string"}))),
        ("DateOrFalse".to_owned(), or_false(json!({"type": "string", "format": "date"}))),
        ("DatetimeOrFalse".to_owned(), or_false(moment)),
    ])
}

/// What leads to a model's records: one of them, and those of a list. Where the query has a block they are objects, else ids.
pub fn relations(model: &str) -> Map<String, Json> {
    let id = json!({"type": "integer", "format": "int64"});
    Map::from_iter([
        (format!("{model}.one"), json!({"anyOf": [id, {"type": "boolean"}, shared(model)]})),
        (format!("{model}.item"), json!({"anyOf": [id, shared(model)]})),
    ])
}

/// A field as a read answers it.
fn answered(field: &Field) -> Json {
    if field.is_write_only() {
        return json!({"type": "boolean"});
    }
    match &field.kind {
        Kind::Id | Kind::Integer => json!({"type": "integer", "format": "int64"}),
        Kind::Monetary | Kind::Float => json!({"type": "number"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Char(_) | Kind::Text(_) | Kind::Binary => shared("TextOrFalse").into(),
        Kind::Selection(options) => or_false(json!({"type": "string", "enum": options})),
        Kind::Date => shared("DateOrFalse").into(),
        Kind::Datetime => shared("DatetimeOrFalse").into(),
        Kind::Many2one(comodel) => shared(&format!("{comodel}.one")).into(),
        Kind::One2many { comodel, .. } | Kind::Many2many(comodel) => {
            json!({"type": "array", "items": shared(&format!("{comodel}.item"))})
        }
    }
}

/// With what people call it and should know of it.
fn told(field: &Field, mut schema: Json) -> Json {
    let notes = [
        field.help.trim_end_matches('.'),
        field.kind.comodel().unwrap_or_default(),
        if field.personal { "Personal" } else { "" },
        if field.sealed_in.is_some() { "Encrypted: read where it is named, in no filter and no order" } else { "" },
        match field.kind {
            Kind::Binary => {
                "A file in base64: read where it is named, with `context.bin_size` as its size; in a filter set or not, in no order"
            }
            Kind::Many2many(_) => X2MANY_WORDS,
            _ => "",
        },
        match field.by_name {
            ByName::No => "",
            ByName::Known => "An id or a name",
            ByName::OrNew => "An id or a name; a new name makes a record",
            ByName::OrText(_) => "An id or a name; an unknown name is kept as text",
        },
    ];
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("title".to_owned(), field.label.into());
        let notes: Vec<&str> = notes.into_iter().filter(|note| !note.is_empty()).collect();
        if !notes.is_empty() {
            schema.insert("description".to_owned(), format!("{}.", notes.join(". ")).into());
        }
    }
    schema
}

/// A record as a read answers it: those of its fields that the query names, a relation's records as ids or, where the query
/// has a block, as objects.
pub fn record(model: &Model) -> Json {
    let fields = model.fields.iter().filter(|field| !field.is_internal());
    let properties: Map<String, Json> = fields.map(|field| (field.name.to_owned(), told(field, answered(field)))).collect();
    json!({"type": "object", "title": model.label, "properties": properties, "additionalProperties": false})
}

/// A public method of a model besides Odoo's own.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// Its name.
    pub method: &'static str,
    /// In the order in which they may be given without a name.
    pub arguments: &'static [Argument],
    /// Whether it needs a record: else it may be called on the model too.
    pub on_record: bool,
    /// What it does.
    pub about: &'static str,
}

impl Action {
    /// One that takes nothing but its record.
    pub const fn plain(method: &'static str, about: &'static str) -> Action {
        Action { method, arguments: &[], on_record: true, about }
    }
}

/// An argument of a method.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// Its JSON Schema.
    pub schema: &'static str,
    /// Whether it must be there.
    pub required: bool,
}

impl Argument {
    /// One that must be there.
    pub const fn needed(name: &'static str, schema: &'static str) -> Argument {
        Argument { name, schema, required: true }
    }

    /// One that may be left out.
    pub const fn optional(name: &'static str, schema: &'static str) -> Argument {
        Argument { name, schema, required: false }
    }
}

/// A model as a service tells of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Described {
    /// What people call its records.
    pub label: String,
    /// A record as it is read.
    pub record: Json,
    /// Its fields as Odoo's `fields_get` tells an administrator of them. The release before does not.
    #[serde(default)]
    pub fields: BTreeMap<String, Json>,
    /// What a create takes; none where there is no creating.
    pub create: Option<Json>,
    /// What a write takes; none where there is no writing.
    pub write: Option<Json>,
    /// A filter that finds a record of the demo, for the example of a write.
    pub example_filter: Option<Json>,
    /// What each kind of user may do: `read`, `create`, `write`, `unlink`, and `its own` where only some records exist for it.
    pub rights: BTreeMap<String, Vec<String>>,
    /// Its methods: by name the schema of the arguments, whether a record is needed, and what it does.
    pub actions: BTreeMap<String, (Json, bool, String)>,
    /// What each method's arguments are called, in the order in which they may be given without a name. The release before does not
    /// tell.
    #[serde(default)]
    pub arguments: BTreeMap<String, Vec<String>>,
}

/// The arguments of a method as JSON Schema.
pub fn arguments(action: &Action) -> Json {
    // One that can't be read takes nothing, and says why
    let unread = |error: serde_json::Error| json!({"not": {}, "description": error.to_string()});
    let schema = |argument: &Argument| serde_json::from_str(argument.schema).unwrap_or_else(unread);
    let properties: Map<String, Json> = action.arguments.iter().map(|argument| (argument.name.to_owned(), schema(argument))).collect();
    let required: Vec<&str> = action.arguments.iter().filter(|argument| argument.required).map(|argument| argument.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Access;

    fn model() -> Model {
        let fields = vec![
            Field::new("name", Kind::Char(254), "Name").required(),
            Field::new("brand", Kind::Many2one("product.brand"), "Brand").by_name_or_new(),
            Field::new("secret", Kind::Char(10), "Secret").write_only(),
            Field::new("total", Kind::Monetary, "Total").readonly(),
            Field::internal("hash", Kind::Char(64)),
        ];
        Model::new("x.y", "x_y", "Thing", fields, |_| Access::all())
    }

    #[test]
    fn a_create_takes_what_may_be_written_and_says_what_must_be_there() {
        let schema = Body::of(&model(), Mode::Create).with("parts", list(json!({}), 0, 2)).without("secret").schema();
        let names: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["brand", "name", "parts"]);
        assert_eq!(schema["required"], json!(["name"]));
        assert_eq!(schema["properties"]["name"], json!({"type": "string", "minLength": 1, "maxLength": 254, "title": "Name"}));
        assert_eq!(Body::of(&model(), Mode::Write).schema().get("required"), None);
    }

    #[test]
    fn a_read_answers_false_for_what_is_unset_or_secret_and_nothing_that_is_internal() {
        let record = record(&model());
        assert_eq!(record["properties"]["secret"], json!({"type": "boolean", "title": "Secret"}));
        assert_eq!(record["properties"]["total"], json!({"type": "number", "title": "Total"}));
        assert!(record["properties"].get("hash").is_none() && record["properties"].get("write_date").is_some());
        assert_eq!(record["properties"]["brand"]["$ref"], "#/components/schemas/product.brand.one");
        assert_eq!(relations("product.brand")["product.brand.one"]["anyOf"][2]["$ref"], "#/components/schemas/product.brand");
    }
}
