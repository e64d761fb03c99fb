//! How a model's fields stand together on its form and its page: groups with a heading each. What no group names comes last, under
//! "others". A model that is not written here has one group without a heading.

use crate::visit::Visit;

/// How the fields of a model's records stand, or of those of its records that have a value in a field.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Odoo's name of the model.
    pub model: &'static str,
    /// A box that the record must have ticked; nothing: any record.
    pub ticked: &'static str,
    /// What such a record is called: a sentence's id.
    pub label: &'static str,
    /// The list that it belongs to: an entry of the menu.
    pub list: &'static str,
    /// Headings, as ids of sentences, with their fields.
    pub groups: &'static [(&'static str, &'static [&'static str])],
}

const CONTACT: (&str, &[&str]) = ("layout-contact", &["phone", "mobile", "email"]);
const ADDRESS: (&str, &[&str]) = ("layout-address", &["street", "street2", "zip", "city", "state_id", "country_id"]);
const IDENTIFICATION: (&str, &[&str]) = ("layout-identification", &["nif", "rc", "nis", "ai", "vat", "rib"]);
const NOTES: (&str, &[&str]) = ("layout-notes", &["comment"]);

/// The first that fits is taken.
const LAYOUTS: &[Layout] = &[
    Layout {
        model: "res.partner",
        ticked: "is_pos",
        label: "layout-pos",
        list: "/web/pos",
        groups: &[
            ("layout-identity", &["name", "code_pos", "credit_code", "responsible_code", "status", "bank_ids"]),
            CONTACT,
            ADDRESS,
            IDENTIFICATION,
            NOTES,
        ],
    },
    Layout {
        model: "res.partner",
        ticked: "",
        label: "layout-client",
        list: "/web/clients",
        groups: &[
            ("layout-identity", &["title", "name", "is_company", "ref", "status", "bank_ids"]),
            CONTACT,
            ADDRESS,
            IDENTIFICATION,
            NOTES,
        ],
    },
    Layout {
        model: "res.users",
        ticked: "",
        label: "",
        list: "/web/res.users",
        groups: &[
            ("groups-identity", &["name", "login", "password", "email", "phone"]),
            ("groups-rights", &["role", "bank_id", "code_pos", "codification", "hub_admin", "integration"]),
            ("groups-preferences", &["lang", "tz", "company_id", "active"]),
        ],
    },
    Layout {
        model: "res.company",
        ticked: "",
        label: "",
        list: "/web/res.company",
        groups: &[
            ("groups-identity", &["name", "legal_form", "capital", "activity"]),
            ("groups-address", &["street", "street2", "zip", "city", "country_id", "email", "phone"]),
            ("groups-registers", &["rc", "nif", "nis", "ai"]),
            ("groups-payment", &["rib", "payment_method", "payment_days", "currency_id"]),
        ],
    },
    Layout {
        model: "product.master",
        ticked: "",
        label: "cat-product",
        list: "/web/product.master",
        groups: &[("layout-identity", &["name", "ref", "brand", "categ_id", "fab_name", "description"])],
    },
    Layout {
        model: "product.template",
        ticked: "",
        label: "buy-product",
        list: "/web/product.template",
        groups: &[
            ("layout-identity", &["name", "manufacturer_ref", "master_product", "barcode", "default_code", "description"]),
            ("cat-prices", &["list_price", "standard_price", "taxes_id"]),
            ("cat-traits", &["attribute_value_ids", "detailed_type", "purchase_ok", "sale_ok"]),
            ("cat-links", &["image_url", "fab_certificate"]),
        ],
    },
];

/// The layout of a record of a model, by which of its boxes are ticked.
pub fn layout(model: &str, is_ticked: impl Fn(&str) -> bool) -> Option<&'static Layout> {
    LAYOUTS.iter().find(|layout| layout.model == model && (layout.ticked.is_empty() || is_ticked(layout.ticked)))
}

/// Things of a form or a page that stand together.
pub struct Group<T> {
    /// Over them; nothing where there is no heading.
    pub heading: String,
    /// In their order.
    pub inputs: Vec<T>,
    /// Whether they are what no group names, which is folded away.
    pub is_rest: bool,
}

/// Things as a layout has them, each known by its field's name.
pub fn grouped<T>(visit: &Visit, layout: Option<&Layout>, all: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<Group<T>> {
    let Some(layout) = layout else {
        return vec![Group { heading: String::new(), inputs: all, is_rest: false }];
    };
    let mut groups: Vec<Group<T>> = Vec::new();
    let mut left: Vec<Option<T>> = all.into_iter().map(Some).collect();
    for (heading, fields) in layout.groups {
        let mut inputs = Vec::new();
        for field in *fields {
            let at = left.iter_mut().find(|one| one.as_ref().is_some_and(|one| name(one) == *field));
            inputs.extend(at.and_then(Option::take));
        }
        if !inputs.is_empty() {
            groups.push(Group { heading: visit.t(heading), inputs, is_rest: false });
        }
    }
    let rest: Vec<T> = left.into_iter().flatten().collect();
    if !rest.is_empty() {
        groups.push(Group { heading: visit.t("layout-others"), inputs: rest, is_rest: true });
    }
    groups
}
