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
        &["res.bank", "res.company", "res.country", "res.country.state", "res.currency", "res.partner", "res.partner.title", "res.users"],
    ),
];

/// Services whose records refer to another service's: (who refers, to which models).
pub const REFERENCES: &[(&str, &[&str])] = &[("catalog", &["res.company"])];

/// The service that keeps a model.
pub fn owner_of(model: &str) -> Option<&'static str> {
    SERVICES.iter().find(|(_, models)| models.contains(&model)).map(|(service, _)| *service)
}

/// The services, the keeper aside, whose records may refer to a model's.
pub fn referring_to(model: &str) -> impl Iterator<Item = &'static str> {
    REFERENCES.iter().filter(move |(_, models)| models.contains(&model)).map(|(service, _)| *service)
}
