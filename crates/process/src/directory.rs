//! Who keeps which model, and who refers to whose records: the one page that all services share.
//!
//! A test in each service holds its declarations against this page.

/// Every service that keeps models, with the models that it keeps.
pub const SERVICES: &[(&str, &[&str])] = &[
    (
        "catalog",
        &[
            "product.attribute",
            "product.attribute.value",
            "product.brand",
            "product.category",
            "product.master",
            "product.product",
            "product.template",
        ],
    ),
    (
        "partners",
        &[
            "ek.job",
            "ir.filters",
            "res.bank",
            "res.company",
            "res.country",
            "res.country.state",
            "res.currency",
            "res.partner",
            "res.partner.bank",
            "res.partner.title",
            "res.users",
            "res.users.apikeys",
            "res.users.session",
        ],
    ),
    (
        "crm",
        &["account.move", "account.move.line", "account.tax", "crm.lead", "crm.stage", "ir.attachment", "sale.order", "sale.order.line"],
    ),
    (
        "stock",
        &[
            "purchase.order",
            "purchase.order.line",
            "stock.location",
            "stock.move",
            "stock.move.line",
            "stock.picking",
            "stock.picking.type",
            "stock.quant",
            "stock.warehouse",
        ],
    ),
    ("sync", &["ek.attempt", "ek.delivery", "ek.platform", "ek.request", "ek.sync"]),
    ("bridge", &["ek.odoo", "ek.odoo.record", "ek.odoo.run"]),
];

/// Models that every service keeps a part of, beside the records that they are about, each with the order that it has where nothing is
/// said. Their declarations are `service::everywhere`'s.
pub const EVERYWHERE: &[(&str, &str)] = &[("ek.audit", "at desc, id desc"), ("ir.model.data", "id")];

/// The numbers of the services, for ever: the ids of what each keeps a part of are theirs above a multiple of [`STEP`].
pub const NUMBERS: &[(&str, i64)] = &[("catalog", 1), ("partners", 2), ("crm", 3), ("stock", 4), ("sync", 5), ("bridge", 6)];
/// The step in which each counts those ids.
pub const STEP: i64 = 16;

/// Whether every service keeps a part of a model.
pub fn is_everywhere(model: &str) -> bool {
    order_of(model).is_some()
}

/// The order of a model that every service keeps a part of.
pub fn order_of(model: &str) -> Option<&'static str> {
    EVERYWHERE.iter().find(|(known, _)| *known == model).map(|(_, order)| *order)
}

/// The service that keeps a record of such a model, by the record's id.
pub fn keeper_of(id: i64) -> Option<&'static str> {
    NUMBERS.iter().find(|(_, number)| *number == id.rem_euclid(STEP)).map(|(service, _)| *service)
}

/// Services whose records refer to another service's: (who refers, to which models).
pub const REFERENCES: &[(&str, &[&str])] = &[
    ("catalog", &["account.tax", "res.company"]),
    ("crm", &["product.product", "res.bank", "res.country", "res.country.state", "res.partner"]),
    ("stock", &["product.product", "res.bank", "res.partner", "res.users", "sale.order", "sale.order.line"]),
    ("sync", &["res.bank"]),
];

/// Models whose records have files: a request for them may be longer than others.
pub const FILES: &[&str] = &["ek.job", "ir.attachment", "product.product", "product.template"];

/// What every service answers about its records, besides what stands in its contract: whom, who, what. What stands in neither is
/// refused, whoever asks.
pub const QUESTIONS: &[(&str, &str, &[&str])] = &[
    ("catalog", "bridge", &["_freeze"]),
    ("catalog", "gateway", &["_described", "_outlines"]),
    ("catalog", "partners", &["_referring"]),
    ("catalog", "crm", &["_existing", "_referring"]),
    ("catalog", "stock", &["_existing"]),
    ("catalog", "sync", &["_event", "_feed", "_position", "_read"]),
    ("partners", "bridge", &["_freeze"]),
    ("partners", "gateway", &["_described", "_existing", "_outlines"]),
    ("partners", "catalog", &["_existing"]),
    ("partners", "crm", &["_event", "_existing", "_feed"]),
    ("partners", "stock", &["_event", "_existing", "_feed"]),
    ("partners", "sync", &["_event", "_existing", "_feed", "_position", "_read"]),
    ("crm", "bridge", &["_freeze", "_read"]),
    ("crm", "gateway", &["_described", "_outlines"]),
    ("crm", "catalog", &["_existing", "_referring"]),
    ("crm", "partners", &["_referring"]),
    ("crm", "stock", &["_event", "_existing", "_feed"]),
    ("crm", "sync", &["_event", "_feed", "_position", "_read"]),
    ("stock", "bridge", &["_freeze", "_read"]),
    ("stock", "gateway", &["_described", "_outlines"]),
    ("stock", "catalog", &["_referring"]),
    ("stock", "partners", &["_referring"]),
    ("stock", "crm", &["_event", "_feed", "_referring"]),
    ("stock", "sync", &["_event", "_feed", "_position", "_read"]),
    ("sync", "gateway", &["_described", "_outlines", "_position"]),
    ("sync", "partners", &["_referring"]),
    ("bridge", "gateway", &["_described", "_outlines"]),
];

/// Whether a service may ask this of another.
pub fn may_ask(asked: &str, asker: &str, method: &str) -> bool {
    QUESTIONS.iter().any(|(of, by, methods)| *of == asked && *by == asker && methods.contains(&method))
}

/// The service that keeps a model.
pub fn owner_of(model: &str) -> Option<&'static str> {
    SERVICES.iter().find(|(_, models)| models.contains(&model)).map(|(service, _)| *service)
}

/// A model's name as it stands here, so that only names of ours go into logs.
pub fn known(model: &str) -> Option<&'static str> {
    let everywhere = EVERYWHERE.iter().map(|(known, _)| known);
    SERVICES.iter().flat_map(|(_, models)| *models).chain(everywhere).find(|known| **known == model).copied()
}

/// Every name that a model's records go by.
pub fn names_of(model: &str) -> Vec<&str> {
    match model {
        // One record, seen as a configuration or as a variant
        "product.template" | "product.product" => vec!["product.template", "product.product"],
        other => vec![other],
    }
}

/// The services, the keeper aside, whose records may refer to a model's.
pub fn referring_to(model: &str) -> impl Iterator<Item = &'static str> {
    REFERENCES.iter().filter(move |(_, models)| models.contains(&model)).map(|(service, _)| *service)
}

/// The services whose tables are queues, which fill and empty within seconds. Their statements go by indexes whatever the
/// statistics say: a plan made while a queue was empty would read a backlog once for each of its rows, and planning each time
/// costs several times what the statement does.
pub const QUEUES: &[&str] = &["sync"];
