//! Which of a model's fields its list begins with, what its one box searches, what it is narrowed down by, and what belongs to a record.
//!
//! A model that is not named here has all of that from its declaration alone.

use crate::declared::{Field, Model};

/// What people want to see of a model first.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Odoo's name of the model.
    pub model: &'static str,
    /// The columns of its list; none: its first fields.
    pub columns: &'static [&'static str],
    /// What the one box searches, paths too; none: the name and other short texts.
    pub search: &'static [&'static str],
    /// What stands beside the box to narrow a list down.
    pub filters: &'static [&'static str],
    /// Records of other models that belong to one: model, field that leads here.
    pub related: &'static [(&'static str, &'static str)],
    /// What is printed of a record.
    pub reports: &'static [&'static str],
    /// The selection whose values are offered over the list, each a list of its own.
    pub quick: &'static str,
}

const NOTHING: View = View { model: "", columns: &[], search: &[], filters: &[], related: &[], reports: &[], quick: "" };

const VIEWS: &[View] = &[
    View {
        model: "sale.order",
        columns: &["name", "ek_order_id", "date_order", "partner_id", "bank_id", "code_pos", "ek_state", "short", "amount_total"],
        search: &["name", "ek_order_id", "partner_id.name", "partner_id.email", "partner_id.phone"],
        // A point of sale by its code, for there are hundreds
        filters: &["bank_id", "code_pos", "date_order", "short"],
        related: &[("stock.picking", "sale_id")],
        reports: &["sale.report_saleorder"],
        quick: "ek_state",
    },
    View {
        model: "sale.order.line",
        columns: &[
            "product_id",
            "name",
            "product_uom_qty",
            "reserved",
            "short",
            "qty_delivered",
            "qty_returned",
            "qty_invoiced",
            "price_unit",
            "price_total",
        ],
        ..NOTHING
    },
    View {
        model: "account.move",
        columns: &["name", "move_type", "partner_id", "bank_id", "sale_id", "invoice_date", "state", "amount_total"],
        search: &["name", "invoice_origin", "ref", "partner_id.name", "partner_id.email"],
        filters: &["state", "bank_id", "invoice_date"],
        related: &[("account.move", "reversed_entry_id")],
        reports: &["account.report_invoice"],
        quick: "move_type",
        ..NOTHING
    },
    View {
        model: "account.move.line",
        columns: &["product_id", "name", "quantity", "price_unit", "tax_rate", "price_subtotal", "price_total"],
        ..NOTHING
    },
    View {
        model: "crm.lead",
        columns: &["name", "partner_id", "bank_id", "code_pos", "stage_id", "ek_order_id", "expected_revenue", "create_date"],
        search: &["name", "ek_order_id", "cart_id", "partner_id.name", "partner_id.email", "partner_id.phone"],
        filters: &["stage_id", "bank_id", "create_date"],
        ..NOTHING
    },
    View {
        model: "res.partner",
        columns: &["name", "email", "phone", "state_id", "status", "bank_ids", "code_pos"],
        search: &["name", "email", "phone", "mobile", "code_pos", "ref"],
        filters: &["status", "is_pos", "state_id", "create_date"],
        related: &[("sale.order", "partner_id"), ("account.move", "partner_id"), ("crm.lead", "partner_id")],
        ..NOTHING
    },
    View {
        model: "res.users",
        columns: &["name", "login", "role", "bank_id", "code_pos", "lang", "active"],
        search: &["name", "login", "email", "codification"],
        filters: &["role", "bank_id", "active"],
        related: &[("res.users.session", "user_id"), ("res.users.apikeys", "user_id")],
        ..NOTHING
    },
    View {
        model: "product.master",
        columns: &["name", "ref", "brand", "categ_id", "fab_name", "active"],
        search: &["name", "ref", "fab_name", "ref_odoo"],
        filters: &["brand", "categ_id", "create_date"],
        ..NOTHING
    },
    View {
        model: "product.template",
        columns: &["name", "manufacturer_ref", "brand", "categ_id", "central_price", "selling_price", "active"],
        search: &["name", "manufacturer_ref", "barcode", "default_code", "ref_odoo"],
        filters: &["brand", "categ_id", "create_date"],
        related: &[("stock.quant", "product_id"), ("sale.order.line", "product_id")],
        ..NOTHING
    },
    View {
        model: "stock.quant",
        columns: &[
            "product_name",
            "manufacturer_ref",
            "location_id",
            "quantity",
            "reserved_quantity",
            "available_quantity",
            "incoming_quantity",
        ],
        search: &["product_name", "manufacturer_ref", "location_id.complete_name"],
        filters: &["location_id", "closed"],
        ..NOTHING
    },
    View {
        model: "stock.move",
        columns: &[
            "reference",
            "name",
            "location_id",
            "location_dest_id",
            "product_uom_qty",
            "reserved_availability",
            "quantity_done",
            "state",
            "date",
        ],
        search: &["reference", "name", "manufacturer_ref", "origin"],
        filters: &["state", "date"],
        ..NOTHING
    },
    View {
        model: "stock.picking",
        columns: &["name", "origin", "partner_id", "location_id", "location_dest_id", "scheduled_date", "state"],
        search: &["name", "origin", "partner_id.name"],
        filters: &["state", "picking_type_code", "scheduled_date"],
        reports: &["stock.report_deliveryslip"],
        ..NOTHING
    },
    View {
        model: "purchase.order",
        columns: &["name", "partner_id", "warehouse_id", "date_order", "state", "receipt_status", "amount_total"],
        search: &["name", "partner_id.name", "partner_id.code_pos"],
        filters: &["state", "receipt_status", "date_order"],
        ..NOTHING
    },
    View {
        model: "purchase.order.line",
        columns: &["product_id", "name", "manufacturer_ref", "product_qty", "qty_received", "price_unit", "price_subtotal"],
        ..NOTHING
    },
    View {
        model: "ek.request",
        columns: &["at", "method", "path", "login", "status", "message", "reference", "ek_order_id"],
        search: &["reference", "ek_order_id", "email", "trace_id", "path", "login"],
        filters: &["status", "at"],
        ..NOTHING
    },
    View {
        model: "ek.delivery",
        columns: &["platform_id", "kind", "verb", "model", "record_id", "state", "attempts", "last_status", "changed_at"],
        search: &["webhook_id", "order_key", "record_id"],
        filters: &["state", "platform_id", "kind", "changed_at"],
        related: &[("ek.attempt", "delivery_id")],
        ..NOTHING
    },
    View { model: "ek.attempt", columns: &["at", "milliseconds", "status", "error", "webhook_id"], ..NOTHING },
    View {
        model: "ek.audit",
        columns: &["at", "user_id", "bank_id", "model", "res_id", "field", "before", "after"],
        search: &["model", "field"],
        filters: &["model", "at"],
        ..NOTHING
    },
];

/// What is written of a model here.
pub fn view(model: &str) -> View {
    VIEWS.iter().find(|view| view.model == model).copied().unwrap_or(NOTHING)
}

/// Whether a model's records are made with those of another, though it may be written: an order comes with its lead.
pub fn comes_with_another(model: &str) -> bool {
    model == "sale.order"
}

/// The id of the record that a number names, as people write it: `S00042` of an order.
pub fn numbered(model: &str, text: &str) -> Option<i64> {
    let number = text.trim().strip_prefix(['S', 's']).filter(|number| model == "sale.order" && number.len() >= 5)?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok()).flatten()
}

/// What every record has, which no list begins with.
const COMMON: &[&str] = &["id", "display_name", "create_by", "create_uid", "create_date", "write_uid", "write_date", "version"];

/// Whether a field is what every record has.
pub fn is_common(field: &str) -> bool {
    COMMON.contains(&field)
}

/// The columns of a model's list: those that were chosen, else the view's, else its first fields.
pub fn columns<'m>(model: &'m Model, chosen: &[String]) -> Vec<&'m Field> {
    let named = |names: &mut dyn Iterator<Item = &str>| {
        names.filter_map(|name| model.field(name)).filter(|field| field.is_plain()).collect::<Vec<_>>()
    };
    let mine = named(&mut chosen.iter().map(String::as_str));
    if !mine.is_empty() {
        return mine;
    }
    let written = named(&mut view(&model.name).columns.iter().copied());
    if !written.is_empty() {
        return written;
    }
    let first = model.field(&model.rec_name).or_else(|| model.field("display_name"));
    let others = model.fields.iter().filter(|field| {
        field.is_plain()
            && !field.is_list()
            && field.kind != "text"
            && !is_common(&field.name)
            && Some(field.name.as_str()) != first.map(|of| of.name.as_str())
    });
    first.into_iter().chain(others.take(7)).collect()
}

/// What the one box searches.
pub fn searched(model: &Model) -> Vec<&str> {
    let written = view(&model.name).search;
    if !written.is_empty() {
        // A field that this user may not read is in no filter
        let known = |path: &&&str| model.field(path.split('.').next().unwrap_or_default()).is_some_and(|field| field.searchable);
        return written.iter().filter(known).copied().collect();
    }
    let texts =
        model.fields.iter().filter(|field| field.searchable && matches!(field.kind.as_str(), "char") && field.name != "display_name");
    let first = model.field(&model.rec_name).filter(|field| field.searchable && field.kind == "char").map(|field| field.name.as_str());
    let others = texts.map(|field| field.name.as_str()).filter(|name| Some(*name) != first);
    first.into_iter().chain(others.take(4)).collect()
}

/// What stands beside the box.
pub fn filters(model: &Model) -> Vec<&Field> {
    let written = view(&model.name).filters;
    if !written.is_empty() {
        return written.iter().filter_map(|name| model.field(name)).filter(|field| field.searchable).collect();
    }
    let chosen = model.fields.iter().filter(|field| {
        field.searchable && matches!(field.kind.as_str(), "selection" | "boolean") && field.name != "create_by" && field.name != "active"
    });
    chosen.take(4).collect()
}
