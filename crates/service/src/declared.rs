//! What a service's models are for the user who asks: what a page is made of.
// circle: owner: it sends the call here, and it is answered by its declarations

use domain::Identity;
use jsonrpc::Fault;
use process::our_fault;
use records::{Argument, Field};
use serde_json::{Value as Json, json};

use crate::orm::fields_get;
use crate::{Owner, Service};

impl<S: Service> Owner<S> {
    /// Every model that the user may read, its fields in the order in which they are declared, what the user may do, and its actions.
    ///
    /// # Errors
    /// 500 for what is declared and can't be told: our fault.
    pub(crate) fn declarations(&self, identity: &Identity) -> Result<Json, Fault> {
        let mut told = Vec::new();
        for model in self.registry.models() {
            let access = (model.access)(identity);
            if !access.read {
                continue;
            }
            let mut known = fields_get(identity, model, None, None);
            let fields: Vec<Json> = model.fields.iter().filter_map(|field| declared(field, known.remove(field.name)?)).collect();
            let actions = self.behaviour(model)?.actions.iter().map(|action| {
                let arguments = action.arguments.iter().map(argument::<S>).collect::<Result<Vec<_>, _>>()?;
                Ok(json!({"method": action.method, "about": action.about, "on_record": action.on_record, "arguments": arguments}))
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
                "actions": actions.collect::<Result<Vec<_>, Fault>>()?,
            }));
        }
        Ok(told.into())
    }
}

/// A field as `fields_get` tells of it, and what a page must know besides.
fn declared(field: &Field, mut told: Json) -> Option<Json> {
    let about = told.as_object_mut()?;
    about.insert("sealed".to_owned(), field.is_sealed().into());
    about.insert("write_only".to_owned(), field.is_write_only().into());
    Some(told)
}

fn argument<S: Service>(of: &Argument) -> Result<Json, Fault> {
    let schema: Json = serde_json::from_str(of.schema).map_err(|error| our_fault(S::NAME, "an argument's schema can't be read", &error))?;
    Ok(json!({"name": of.name, "schema": schema, "required": of.required}))
}
