//! The models as the hub declares them to whoever looks at a page: lists and forms are made of this.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

/// What `GET /web/declarations` tells.
#[derive(Debug, Default, Deserialize)]
pub struct Declared {
    /// Each model that the user may read, by its name.
    pub models: BTreeMap<String, Model>,
    /// Services that did not answer, whose models are missing.
    #[serde(default)]
    pub away: Vec<String>,
}

/// A model, as this user may use it.
#[derive(Debug, Default, Deserialize)]
pub struct Model {
    /// Odoo's name.
    #[serde(rename = "model")]
    pub name: String,
    /// What people call its records, in English.
    pub label: String,
    /// How its records are ordered where nothing is said.
    pub order: String,
    /// The field that names a record.
    pub rec_name: String,
    /// Whether the user may make records.
    pub create: bool,
    /// Whether the user may change them.
    pub write: bool,
    /// Whether the user may remove them.
    pub unlink: bool,
    /// In the order of their declaration.
    pub fields: Vec<Field>,
    /// What the model does besides.
    pub actions: Vec<Action>,
}

/// A field of a model.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What people call it, in English.
    pub string: String,
    /// Odoo's name of its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What people should know, in English.
    pub help: String,
    /// Whether a record must have it.
    pub required: bool,
    /// Whether this user can't write it.
    pub readonly: bool,
    /// Whether a filter may name it.
    pub searchable: bool,
    /// Whether an order may name it.
    pub sortable: bool,
    /// Whether groups may be made of it.
    pub groupable: bool,
    /// Whether its value is encrypted: it is read where it is asked for, and that is noted.
    pub sealed: bool,
    /// Whether it is written and never read.
    pub write_only: bool,
    /// The values of a selection, each twice.
    pub selection: Vec<(String, String)>,
    /// The model that it leads to.
    pub relation: Option<String>,
    /// Of a one2many: the field that leads back.
    pub relation_field: Option<String>,
    /// The longest text, in characters.
    pub size: Option<usize>,
    /// Whether the user may read the records that it leads to: else their numbers are all there is.
    #[serde(skip)]
    pub leads_on: bool,
}

/// A method of a model's own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Action {
    /// Its name.
    pub method: String,
    /// What it does, in English.
    pub about: String,
    /// Whether it needs a record.
    pub on_record: bool,
    /// What it takes.
    pub arguments: Vec<Argument>,
}

/// An argument of such a method.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its JSON Schema.
    pub schema: Value,
    /// Whether it must be given.
    pub required: bool,
}

/// Fields as a query names them: `name, partner_id{id, display_name}`.
pub fn asked<'f>(fields: impl IntoIterator<Item = &'f Field>) -> String {
    fields.into_iter().map(Field::asked).collect::<Vec<_>>().join(", ")
}

impl Declared {
    /// Notes which relations lead to records that the user may read.
    pub fn lead_on(mut self) -> Declared {
        let known: BTreeSet<String> = self.models.keys().cloned().collect();
        for field in self.models.values_mut().flat_map(|model| &mut model.fields) {
            field.leads_on = field.relation.as_ref().is_some_and(|comodel| known.contains(comodel));
        }
        self
    }

    /// A model that the user may read.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.get(name)
    }
}

impl Model {
    /// A field by its name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// An action by its name.
    pub fn action(&self, method: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.method == method)
    }

    /// Whether records can be archived.
    pub fn is_archivable(&self) -> bool {
        self.field("active").is_some()
    }
}

impl Field {
    /// Whether it is a list of records.
    pub fn is_list(&self) -> bool {
        matches!(self.kind.as_str(), "one2many" | "many2many")
    }

    /// Whether it stands at the end of a cell, as numbers do.
    pub fn is_number(&self) -> bool {
        matches!(self.kind.as_str(), "integer" | "float" | "monetary")
    }

    /// What a query names it by: a relation with its record's name.
    pub fn asked(&self) -> String {
        match self.kind.as_str() {
            "many2one" | "many2many" if self.leads_on => format!("{}{{id, display_name}}", self.name),
            _ => self.name.clone(),
        }
    }

    /// Whether it is read with its record, and not only where it is asked for.
    pub fn is_plain(&self) -> bool {
        !self.sealed && !self.write_only && self.kind != "binary" && self.kind != "one2many"
    }
}
