//! What records of an owner refer to within it: a rehearsal must know, for it stores nothing that the owner could find.

use jsonrpc::import::Record;

use crate::client::Stop;

/// The links that readers give: our model, its field, the model that it leads to, as bindings name it.
pub const LINKS: &[(&str, &str, &str)] = &[
    ("res.partner", "parent_id", "res.partner"),
    ("product.category", "parent_id", "product.category"),
    ("product.attribute.value", "attribute_id", "product.attribute"),
    ("product.master", "categ_id", "product.category"),
    ("product.master", "brand", "product.brand"),
    ("product.product", "master_product", "product.master"),
    ("product.product", "attribute_value_ids", "product.attribute.value"),
    ("stock.quant", "warehouse_id", "stock.warehouse"),
    ("purchase.order", "warehouse_id", "stock.warehouse"),
    ("stock.picking", "warehouse_id", "stock.warehouse"),
    ("stock.picking", "warehouse_dest_id", "stock.warehouse"),
    ("stock.picking", "purchase_id", "purchase.order"),
    ("stock.move", "purchase_line_id", "purchase.order.line"),
    ("sale.order", "opportunity_id", "crm.lead"),
    ("account.move", "sale_id", "sale.order"),
    ("account.move", "reversed_entry_id", "account.move"),
    ("account.move.line", "sale_line_id", "sale.order.line"),
];

/// Values that are ids of records of the same owner, which a rehearsal has not stored: our model, its field.
pub(super) const NOT_YET: &[(&str, &str)] = &[("res.partner", "bank_ids"), ("res.users", "bank_id")];

/// The lines that come with documents: our model, its field, the lines' model.
pub const PARTS: &[(&str, &str, &str)] = &[
    ("purchase.order", "order_line", "purchase.order.line"),
    ("stock.picking", "move_ids", "stock.move"),
    ("sale.order", "order_line", "sale.order.line"),
    ("account.move", "invoice_line_ids", "account.move.line"),
];

fn leads(table: &[(&'static str, &'static str, &'static str)], model: &str, field: &str) -> Result<&'static str, Stop> {
    let to = table.iter().find(|(of, by, _)| *of == model && *by == field).map(|(_, _, to)| *to);
    to.ok_or_else(|| Stop::Impossible(format!("It is not known where {model}'s {field} leads")))
}

/// What a record and its lines refer to: models and ids there.
///
/// # Errors
/// A link that is not among [`LINKS`].
pub(super) fn of(model: &str, record: &Record) -> Result<Vec<(&'static str, i64)>, Stop> {
    let mut referred = Vec::new();
    for (field, ids) in &record.links {
        let to = leads(LINKS, model, field)?;
        referred.extend(ids.iter().map(|id| (to, *id)));
    }
    for (field, lines) in &record.parts {
        let model = leads(PARTS, model, field)?;
        for line in lines {
            referred.extend(of(model, line)?);
        }
    }
    Ok(referred)
}

/// A record's lines: their model, and their ids there.
///
/// # Errors
/// Lines that are not among [`PARTS`].
pub(super) fn lines(model: &str, record: &Record) -> Result<Vec<(&'static str, i64)>, Stop> {
    let mut all = Vec::new();
    for (field, lines) in &record.parts {
        let of = leads(PARTS, model, field)?;
        all.extend(lines.iter().map(|line| (of, line.odoo_id)));
    }
    Ok(all)
}
