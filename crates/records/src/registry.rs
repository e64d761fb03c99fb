//! The models of a service, and what other services may know of them.

use std::collections::BTreeMap;

use jsonrpc::Fault;
use serde::{Deserialize, Serialize};

use crate::model::{Field, Kind, Model, clip};

/// What another service may know of a model: enough to follow its relations from there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outline {
    /// The field that names a record.
    pub rec_name: String,
    /// What clients may read, in the order of `{*}`, each with the model that it leads to.
    pub fields: Vec<(String, Option<String>)>,
    /// Those of them that are lists of records.
    #[serde(default)]
    pub lists: Vec<String>,
}

/// The models of a service.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    models: BTreeMap<&'static str, Model>,
}

impl Registry {
    /// The registry of these models.
    pub fn new(models: impl IntoIterator<Item = Model>) -> Registry {
        Registry { models: models.into_iter().map(|model| (model.name, model.with_display_name())).collect() }
    }

    /// The model of this name.
    ///
    /// # Errors
    /// 404 in Odoo's words.
    pub fn model(&self, name: &str) -> Result<&Model, Fault> {
        self.models.get(name).ok_or_else(|| Fault::no_such_model(&clip(name)))
    }

    /// The model of this name, if it is of this service.
    pub fn get(&self, name: &str) -> Option<&Model> {
        self.models.get(name)
    }

    /// Every model, by name.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.models.values()
    }

    /// Every model as other services may know it, by name.
    pub fn outlines(&self) -> BTreeMap<&'static str, Outline> {
        let field = |field: &Field| (field.name.to_owned(), field.kind.comodel().map(str::to_owned));
        let outline = |model: &Model| {
            let known = || model.fields.iter().filter(|field| field.is_public() && field.sealed_in.is_none() && field.kind != Kind::Binary);
            Outline {
                rec_name: model.rec_name.to_owned(),
                fields: known().map(field).collect(),
                lists: known().filter(|field| field.kind.is_list()).map(|field| field.name.to_owned()).collect(),
            }
        };
        self.models().map(|model| (model.name, outline(model))).collect()
    }

    /// The stored relations that lead to a model, as (model, field).
    pub fn references_to<'a>(&'a self, comodel: &'a str) -> impl Iterator<Item = (&'a Model, &'a Field)> {
        self.models().flat_map(move |model| {
            model
                .fields
                .iter()
                .filter(move |field| field.has_column() && !matches!(field.name, "create_uid" | "write_uid"))
                .filter(move |field| field.kind.comodel() == Some(comodel))
                .map(move |field| (model, field))
        })
    }
}
