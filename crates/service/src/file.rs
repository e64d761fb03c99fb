//! A record's file as a door serves it: a line of JSON that tells what it is, then its bytes.

use domain::Identity;
use jsonrpc::{Fault, Params, Reply};
use process::our_fault;
use records::Model;
use records::files::File;
use serde_json::{Value as Json, json};

use crate::looks::Looks;
use crate::owner::{Owner, Service};

/// The longest checksum that a caller may say it has.
const MAX_CHECKSUM: usize = 128;

impl<S: Service> Owner<S> {
    /// `{name, mimetype, checksum}`, a line feed, and the file in base64; nothing after the line where the caller has the file of
    /// that checksum.
    pub(crate) async fn file(&self, identity: &Identity, model: &Model, params: &Params) -> Result<Reply, Fault> {
        let (id, field): (i64, String) = (params.need("id")?, params.need("field")?);
        let known = params.get::<String>("known")?.filter(|known| known.len() <= MAX_CHECKSUM).unwrap_or_default();
        let sql = self.reader(identity).file(model, &field, id, &known)?;
        let file = self.database.search::<diesel::sql_types::Untyped, File>(sql).await?.pop();
        let File { name, mimetype, checksum, text } = file.ok_or_else(|| Fault::missing(model.name, id))?;
        let (Some(mimetype), Some(checksum)) = (mimetype, checksum) else {
            return Err(Fault::http(404, format!("404: Not Found: {}({id}) has no '{field}'", model.name)));
        };
        let mut answer = json!({"name": name, "mimetype": mimetype, "checksum": checksum}).to_string();
        answer.push('\n');
        match (text, model.field(&field).filter(|field| field.is_sealed())) {
            (Some(text), Some(sealed)) => {
                let mut open = (self.behaviour(model)?.unseal)(&self.service, model, id, &text)?;
                let Some(Json::String(bytes)) = open.remove(&field) else {
                    return Err(our_fault(S::NAME, "a sealed file can't be read", &format!("{} {id}", model.name)));
                };
                let mut looks = Looks::default();
                looks.note(id, sealed.name);
                self.keep_looks(identity, model, looks).await?;
                answer.push_str(&bytes);
            }
            (Some(text), None) => answer.push_str(&text),
            (None, _) => {}
        }
        Ok(Reply::json(answer))
    }
}
