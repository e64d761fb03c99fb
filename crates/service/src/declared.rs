//! What a service's models are for the user who asks: what a page is made of.
// circle: owner: it sends the call here, and it is answered by its declarations

use domain::Identity;
use records::{Action, Argument, Field};
use serde_json::{Value as Json, json};

use crate::orm::fields_get;
use crate::{Owner, Service};

/// Of a model that does nothing besides.
const NONE: &[Action] = &[];

impl<S: Service> Owner<S> {
    /// Every model that the user may read, its fields in the order in which they are declared, what the user may do, and its actions.
    pub(crate) fn declarations(&self, identity: &Identity) -> Json {
        let mut told = Vec::new();
        for model in self.registry.models() {
            let access = (model.access)(identity);
            if !access.read {
                continue;
            }
            let mut known = fields_get(identity, model, None, None);
            let fields: Vec<Json> = model.fields.iter().filter_map(|field| declared(field, known.remove(field.name)?)).collect();
            let actions = self.behaviour(model).map_or(NONE, |of| of.actions);
            let arguments = |of: &Action| of.arguments.iter().map(argument).collect::<Vec<_>>();
            let actions = actions.iter().map(|action| {
                json!({"method": action.method, "about": action.about, "on_record": action.on_record, "arguments": arguments(action)})
            });
            told.push(json!({
                "model": model.name,
                "label": model.label,
                "order": model.order,
                "rec_name": model.rec_name,
                "create": access.create,
                "write": access.write,
                "unlink": access.unlink,
                "fields": fields,
                "actions": actions.collect::<Vec<_>>(),
            }));
        }
        told.into()
    }
}

/// A field as `fields_get` tells of it, and what a page must know besides.
fn declared(field: &Field, mut told: Json) -> Option<Json> {
    let about = told.as_object_mut()?;
    about.insert("sealed".to_owned(), field.is_sealed().into());
    about.insert("write_only".to_owned(), field.is_write_only().into());
    Some(told)
}

fn argument(of: &Argument) -> Json {
    let schema = serde_json::from_str::<Json>(of.schema).unwrap_or(Json::Null);
    json!({"name": of.name, "schema": schema, "required": of.required})
}
