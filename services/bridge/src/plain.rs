//! What a plain Odoo has, what the add-on that the hub replaces has besides, and what the hub's models take.

/// A plain Odoo's fields, a line a model, in the order in which models come over: recorded from a 16, with those that other versions
/// have under another name.
const FIELDS: &str = include_str!("plain/fields.txt");

/// The models that come over, or that something is read of.
pub fn models() -> impl Iterator<Item = &'static str> {
    FIELDS.lines().filter_map(|line| line.split_once(':')).map(|(model, _)| model)
}

/// The fields that a plain Odoo has in a model.
pub fn fields(model: &str) -> impl Iterator<Item = &'static str> + use<'_> {
    let of = move |line: &&'static str| line.split_once(':').is_some_and(|(known, _)| known == model);
    FIELDS.lines().filter(of).filter_map(|line| line.split_once(':')).flat_map(|(_, fields)| fields.split_whitespace())
}

/// The fields of the hub that a field of a model there may become: of the model in which the records will stand.
pub const OURS: &[(&str, &[&str])] = &[
    (
        "res.partner",
        &[
            "name",
            "email",
            "phone",
            "mobile",
            "is_company",
            "is_pos",
            "code_pos",
            "credit_code",
            "status",
            "type",
            "title",
            "parent_id",
            "street",
            "street2",
            "zip",
            "city",
            "state_id",
            "country_id",
            "vat",
            "ref",
            "comment",
            "bank_ids",
            "active",
            "rc",
            "nif",
            "nis",
            "ai",
            "rib",
        ],
    ),
    ("res.users", &["name", "login", "email", "phone", "role", "codification", "code_pos", "bank_id", "lang", "tz"]),
    ("product.category", &["name", "parent_id"]),
    (
        "product.template",
        &[
            "ref",
            "name",
            "brand",
            "fab_name",
            "categ_id",
            "description",
            "active",
            "manufacturer_ref",
            "default_code",
            "barcode",
            "detailed_type",
            "image_url",
            "fab_certificate",
            "list_price",
            "standard_price",
            "central_price",
            "purchase_ok",
            "sale_ok",
            "taxes_id",
            "priority",
        ],
    ),
    (
        "product.product",
        &[
            "name",
            "manufacturer_ref",
            "default_code",
            "barcode",
            "image_url",
            "fab_certificate",
            "list_price",
            "standard_price",
            "central_price",
            "active",
        ],
    ),
    ("stock.warehouse", &["name", "code", "partner_id", "active"]),
    ("purchase.order", &["name", "partner_id", "warehouse_id", "date_order", "user_id", "state", "notes"]),
    ("purchase.order.line", &["product_id", "name", "product_qty", "price_unit", "price_subtotal", "qty_received"]),
    (
        "crm.lead",
        &[
            "name",
            "partner_id",
            "bank_id",
            "order_source",
            "cart_id",
            "ek_order_id",
            "stage_id",
            "priority",
            "code_pos",
            "expected_revenue",
            "active",
            "salary",
            "birth_date",
            "monthly_payment",
            "periodicity",
            "file_number",
            "client_number",
            "order_status",
            "progress",
            "file_state",
        ],
    ),
    (
        "sale.order",
        &[
            "name",
            "partner_id",
            "opportunity_id",
            "bank_id",
            "order_source",
            "ek_order_id",
            "state",
            "date_order",
            "effective_date",
            "code_pos",
            "delivery_type",
            "amount_untaxed",
            "amount_tax",
            "amount_total",
            "note",
        ],
    ),
    ("sale.order.line", &["product_id", "name", "manufacturer_ref", "product_uom_qty", "price_unit", "tax_id", "qty_delivered"]),
    (
        "account.move",
        &[
            "name",
            "move_type",
            "state",
            "partner_id",
            "bank_id",
            "order_source",
            "invoice_origin",
            "ref",
            "reason",
            "invoice_date",
            "date",
            "narration",
        ],
    ),
];

/// The hub's fields for records of a model there.
pub fn ours(model: &str) -> Option<&'static [&'static str]> {
    OURS.iter().find(|(known, _)| *known == model).map(|(_, fields)| *fields)
}

/// Fields of the add-on's own, by which it is known.
pub const ADDON: &[(&str, &[&str])] = &[
    ("product.template", &["fab_certificate", "manufacturer_ref", "master_product"]),
    ("res.partner", &["code_pos", "credit_code", "is_pos", "status"]),
    ("res.users", &["bank_id", "code_pos", "codification"]),
    ("crm.lead", &["bank_id", "cart_id", "ek_order_id", "order_source"]),
    ("sale.order", &["bank_id", "ek_order_id", "ek_state", "order_source"]),
];

/// Names that people give a field of ours.
const ALIASES: &[(&str, &str)] = &[
    ("bank", "bank_id"),
    ("banque", "bank_id"),
    ("banque_id", "bank_id"),
    ("ekiclik_id", "ek_order_id"),
    ("order_ref", "ek_order_id"),
    ("panier", "cart_id"),
    ("pos", "is_pos"),
    ("pdv", "is_pos"),
    ("is_pdv", "is_pos"),
    ("code_pdv", "code_pos"),
    ("mpn", "manufacturer_ref"),
    ("ref_fabricant", "manufacturer_ref"),
    ("marque", "brand"),
    ("registre", "rc"),
];

/// The field of ours that a custom field seems to be, by its name.
pub fn guess(model: &str, field: &str) -> Option<&'static str> {
    let ours = ours(model)?;
    let bare = field.strip_prefix("x_studio_").or_else(|| field.strip_prefix("x_")).unwrap_or(field);
    let meant = ALIASES.iter().find(|(alias, _)| *alias == bare).map_or(bare, |(_, meant)| *meant);
    ours.iter().find(|own| **own == meant).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_custom_field_is_known_by_its_name_where_the_hub_has_one_for_it() {
        assert_eq!(guess("sale.order", "x_bank"), Some("bank_id"));
        assert_eq!(guess("sale.order", "x_ek_order_id"), Some("ek_order_id"));
        assert_eq!(guess("product.template", "x_studio_mpn"), Some("manufacturer_ref"));
        assert_eq!(guess("crm.lead", "x_salary"), Some("salary"));
        assert_eq!(guess("crm.lead", "x_colour"), None);
        assert_eq!(guess("res.currency", "x_bank"), None);
    }

    #[test]
    fn every_line_of_the_list_is_a_model_with_fields() {
        assert_eq!(models().count(), FIELDS.lines().count());
        assert!(models().all(|model| fields(model).any(|field| field == "id")), "every model has an id");
        assert!(ADDON.iter().chain(OURS).all(|(model, _)| models().any(|known| known == *model)));
        // By the add-on's names it is told from a plain Odoo
        assert!(ADDON.iter().all(|(model, own)| own.iter().all(|field| fields(model).all(|plain| plain != *field))));
    }
}
