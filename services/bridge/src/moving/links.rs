//! What records of an owner refer to within it: a rehearsal must know, for it stores nothing that the owner could find.

use jsonrpc::import::Record;

use crate::client::Stop;

/// The links that readers give: our model, its field, the model that it leads to, as bindings name it.
pub const LINKS: &[(&str, &str, &str)] = &[
    ("res.partner", "parent_id", "res.partner"),
    ("res.partner", "bank_ids", "res.bank"),
    ("res.users", "bank_id", "res.bank"),
    ("product.category", "parent_id", "product.category"),
    ("product.attribute.value", "attribute_id", "product.attribute"),
    ("product.master", "categ_id", "product.category"),
    ("product.master", "brand", "product.brand"),
    ("product.product", "master_product", "product.master"),
    ("product.product", "attribute_value_ids", "product.attribute.value"),
];

/// What a record refers to: models and ids there.
///
/// # Errors
/// A link that is not among [`LINKS`].
pub(super) fn of(model: &str, record: &Record) -> Result<Vec<(&'static str, i64)>, Stop> {
    let mut referred = Vec::new();
    for (field, ids) in &record.links {
        let link = LINKS.iter().find(|(of, by, _)| *of == model && by == field);
        let (_, _, to) = link.ok_or_else(|| Stop::Impossible(format!("It is not known where {model}'s {field} leads")))?;
        referred.extend(ids.iter().map(|id| (*to, *id)));
    }
    Ok(referred)
}
